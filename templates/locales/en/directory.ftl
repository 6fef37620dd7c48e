# Organisations, people, contacts and the catalogue, for those who keep them.

error-code_beginning = The code begins wrongly: a product's with X, Z, T or C, a medical institution's with H or P
error-code_length = The code's length is wrong: western drugs 23, patent medicines 20, consumables 20 or 27, credit codes 18, institutions 12 characters
error-code_sign = Character { $place } of the code cannot stand there
error-code_check = Character { $place }, the check character, does not belong to the others
