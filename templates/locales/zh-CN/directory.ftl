# Organisations, people, contacts and the catalogue, for those who keep them.

error-code_beginning = 编码开头不对：产品为 X、Z、T 或 C，医疗机构为 H 或 P
error-code_length = 编码长度不对：西药 23 位，中成药 20 位，耗材 20 或 27 位，统一社会信用代码 18 位，医疗机构 12 位
error-code_sign = 编码第 { $place } 位的字符不对，请核对
error-code_check = 第 { $place } 位校验码与其余字符不符，请核对
