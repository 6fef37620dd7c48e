# Notice texts. Variables: number, product, hospital, manufacturer, what (the deadline's name),
# due (its time), promised (date), level, bureau.

filed-subject = New ticket to answer: { $product } ({ $number })
filed-lead = { $hospital } reported a supply problem with { $product }. { $manufacturer } is asked to reply by { $due }.
filed-next = Sign in and give the cause, the promised date and quantity, and a contact. "Received" is not a reply. Without a reply in time the ticket is escalated automatically.
filed-sms = Ticket { $number } ({ $product }) awaits a reply by { $due }. Please sign in.

warning-subject = Close to its { $what }: { $product } ({ $number })
warning-lead = The { $what } of ticket { $number } ({ $product }) ends at { $due } and nothing has been done yet.
warning-next = Please act before it ends. A missed deadline stays on the ticket and escalates it automatically.
warning-sms = Ticket { $number } ({ $product }): { $what } ends { $due }. Please sign in.

missed-subject = Missed { $what }: { $product } ({ $number })
missed-lead = The { $what } of ticket { $number } ({ $product }) ended at { $due }; { $manufacturer } did not act in time.
missed-next = { $manufacturer }: please sign in now, explain and say what will be done. The miss is on record and the rules for escalation apply.
missed-sms = Ticket { $number } ({ $product }): { $what } missed ({ $due }). Please sign in.

escalated-subject = Escalated: { $product } ({ $number })
escalated-lead = Ticket { $number } ({ $product }) was escalated to the { $level }; { $bureau } is now in charge.
escalated-next = { $bureau }: please sign in to acknowledge and take a measure. { $manufacturer }: go on; the escalation moves no deadline.
escalated-sms = Ticket { $number } ({ $product }) was escalated to the { $level }. Please sign in.

replied-subject = The manufacturer replied: { $product } ({ $number })
replied-lead = { $manufacturer } replied to ticket { $number } ({ $product }) and promises a solution by { $promised }.
replied-next = Sign in to see the cause, the promised quantity and the contact. If you disagree, write in the ticket or urge.
replied-sms = Ticket { $number } ({ $product }): reply received, promised date { $promised }.

promised-subject = Promise changed: { $product } ({ $number })
promised-lead = { $manufacturer } changed its promise for ticket { $number } ({ $product }). The new promised date is { $promised }.
promised-next = Every earlier promise stays on record. Sign in to see the reason and the promised quantity.
promised-sms = Ticket { $number } ({ $product }): promised date is now { $promised }.

solved-subject = Reported solved, please confirm: { $product } ({ $number })
solved-lead = { $manufacturer } reports ticket { $number } ({ $product }) solved. { $hospital } is asked to confirm.
solved-next = Check what arrived, then confirm: solved, partly or not solved. Silence never counts as solved.
solved-sms = Ticket { $number } ({ $product }) is reported solved. Please sign in and confirm.

disputed-subject = Not fully solved: { $product } ({ $number })
disputed-lead = { $hospital } says ticket { $number } ({ $product }) is not, or only partly, solved. The original deadline runs on.
disputed-next = { $manufacturer }: please see the remaining quantity and make a new promise.
disputed-sms = Ticket { $number } ({ $product }) is not solved. Please sign in and make a new promise.

urged-subject = Urged: { $product } ({ $number })
urged-lead = { $hospital } urges an answer to ticket { $number } ({ $product }). The { $what } is { $due }.
urged-next = { $manufacturer }: please report the progress as soon as you can.
urged-sms = Ticket { $number } ({ $product }) is urged; { $what } { $due }. Please sign in.

closed-subject = Closed: { $product } ({ $number })
closed-lead = Ticket { $number } ({ $product }) is closed.
closed-next = Nothing more to do. Should the problem come back, file a new ticket that follows this one.
closed-sms = Ticket { $number } ({ $product }) is closed.

withdrawn-subject = Withdrawn: { $product } ({ $number })
withdrawn-lead = { $hospital } withdrew ticket { $number } ({ $product }); its deadlines no longer run.
withdrawn-next = Nothing more to do. The reason is shown in the ticket.
withdrawn-sms = Ticket { $number } ({ $product }) was withdrawn. Nothing more to do.

message-subject = New message: { $product } ({ $number })
message-lead = There is a new message in ticket { $number } ({ $product }).
message-next = Messages are not sent by mail. Sign in to read and answer.
message-sms = Ticket { $number } ({ $product }) has a new message. Please sign in.

attached-subject = New file: { $product } ({ $number })
attached-lead = A file was added to ticket { $number } ({ $product }).
attached-next = Files are not sent by mail. Sign in to download it.
attached-sms = Ticket { $number } ({ $product }) has a new file. Please sign in.

acknowledged-subject = Acknowledged by the bureau: { $product } ({ $number })
acknowledged-lead = { $bureau } acknowledged the escalation of ticket { $number } ({ $product }).
acknowledged-next = Measures will be shown in the ticket. { $manufacturer }: go on; no deadline has moved.
acknowledged-sms = The escalation of ticket { $number } ({ $product }) was acknowledged.

measure-subject = The bureau took a measure: { $product } ({ $number })
measure-lead = { $bureau } took a measure on ticket { $number } ({ $product }).
measure-next = Sign in to see what is required, and act on it.
measure-sms = Ticket { $number } ({ $product }) has a new measure. Please sign in.

escalation_closed-subject = Escalation closed: { $product } ({ $number })
escalation_closed-lead = { $bureau } closed the escalation of ticket { $number } ({ $product }) with a conclusion.
escalation_closed-next = Sign in to read the conclusion. The ticket itself is not closed by it; its open deadlines run on.
escalation_closed-sms = The escalation of ticket { $number } ({ $product }) has a conclusion. Please sign in.

distributor-subject = Please help with delivery: { $product } ({ $number })
distributor-lead = You were named distributor for ticket { $number } ({ $product }). Please help { $manufacturer } to supply { $hospital }.
distributor-next = Sign in to see the quantity and report the delivery. The manufacturer stays responsible.
distributor-sms = Ticket { $number } ({ $product }): your help with delivery is asked for. Please sign in.

no_contact-subject = The manufacturer has no contact: { $product } ({ $number })
no_contact-lead = { $manufacturer } has nobody who can be told, so ticket { $number } ({ $product }) cannot reach it. The deadlines run all the same.
no_contact-next = Please have { $manufacturer } register a contact, or let an administrator enter one.
no_contact-sms = Ticket { $number } ({ $product }): the manufacturer has no contact. Please sign in.

notice-urgent = [URGENT]{" "}
notice-urgent-badge = URGENT
notice-greeting = Dear { $name },
notice-greeting-anonymous = Hello,
notice-unknown-due = the time set
notice-unknown-promised = the date shown in the ticket
notice-unknown-level = bureau above
notice-unknown-bureau = The bureau in charge
notice-colon = :{" "}
notice-label-number = Ticket
notice-label-product = Product
notice-label-hospital = Hospital
notice-label-manufacturer = Manufacturer
notice-label-promised = Promised date
notice-label-level = Level in charge
notice-label-bureau = Bureau in charge
notice-deadlines = Deadlines
notice-due = by { $due } (Beijing time)
notice-provisional = provisional
notice-provisional-why = The holidays of a year it touches are not published yet; it will be settled when they are.
notice-explanation = How it is counted
notice-next = What to do next
notice-button = Open the ticket
notice-plain-link = If the button does not work, copy this link into your browser:
notice-footer = This message was sent automatically; replies are not read. Please act in the service.

deadline-reply = reply deadline
deadline-resolve = resolve deadline
deadline-promise = promise deadline
deadline-confirm = confirmation deadline
deadline-acknowledge = acknowledgement deadline
deadline-measure = measure deadline
deadline-any = deadline

level-county = county bureau
level-city = city bureau
level-province = province bureau

return_asked-subject = Return asked for: { $product } ({ $number })
return_asked-lead = { $manufacturer } says that ticket { $number } ({ $product }) is not its own and asks to return it.
return_asked-next = The bureau is asked to sign in and decide. Until then every deadline runs on.
return_asked-sms = Ticket { $number } ({ $product }): the manufacturer asks to return it. Please decide.

return_refused-subject = Return refused: { $product } ({ $number })
return_refused-lead = The return of ticket { $number } ({ $product }) was refused; { $manufacturer } remains responsible.
return_refused-next = The deadlines never stopped: { $manufacturer } should go on at once. The reason is in the system.
return_refused-sms = Ticket { $number } ({ $product }): the return was refused, please go on.

returned-subject = Returned: { $product } ({ $number })
returned-lead = The return of ticket { $number } ({ $product }) was granted; this ticket has ended.
returned-next = Where the bureau named the right manufacturer, a new ticket follows with deadlines of its own.
returned-sms = Ticket { $number } ({ $product }) was returned; see the system.

extension_asked-subject = Extension asked for: { $product } ({ $number })
extension_asked-lead = { $manufacturer } asks for more time for ticket { $number } ({ $product }), now due { $due }.
extension_asked-next = The bureau is asked to sign in and decide. Nothing moves without its consent.
extension_asked-sms = Ticket { $number } ({ $product }): an extension is asked for. Please decide.

extension_granted-subject = Extension granted: { $product } ({ $number })
extension_granted-lead = The extension of ticket { $number } ({ $product }) was granted; the solution is now due { $due }.
extension_granted-next = What was missed stays on record. { $manufacturer } should promise anew where the promised day has passed.
extension_granted-sms = Ticket { $number } ({ $product }): extension granted, due { $due }.

extension_refused-subject = Extension refused: { $product } ({ $number })
extension_refused-lead = The extension of ticket { $number } ({ $product }) was refused; it stays due { $due }.
extension_refused-next = { $manufacturer } should keep to the deadline. The reason is in the system.
extension_refused-sms = Ticket { $number } ({ $product }): extension refused, the deadline stands.

force_majeure_asked-subject = Force majeure reported: { $product } ({ $number })
force_majeure_asked-lead = A force majeure was reported for ticket { $number } ({ $product }), with the wish to stop its clocks.
force_majeure_asked-next = The bureau is asked to sign in, look at the evidence and decide. Until then every deadline runs on.
force_majeure_asked-sms = Ticket { $number } ({ $product }): force majeure reported. Please decide.

stopped-subject = Clocks stopped: { $product } ({ $number })
stopped-lead = The bureau accepted a force majeure; the clocks of ticket { $number } ({ $product }) stand still.
stopped-next = The working days that are left go on after the expected end, or when the bureau says so.
stopped-sms = Ticket { $number } ({ $product }): the clocks stand still; see the system.

stop_refused-subject = Force majeure not accepted: { $product } ({ $number })
stop_refused-lead = The force majeure reported for ticket { $number } ({ $product }) was not accepted; the clocks run on.
stop_refused-next = { $manufacturer } should go on at once. The reason is in the system.
stop_refused-sms = Ticket { $number } ({ $product }): force majeure not accepted, deadlines stand.

resumed-subject = Clocks go on: { $product } ({ $number })
resumed-lead = The clocks of ticket { $number } ({ $product }) go on. { $what }: { $due }.
resumed-next = The days in between do not count; see the explanation below. { $manufacturer } should go on.
resumed-sms = Ticket { $number } ({ $product }): the clocks go on, { $what } { $due }.

silent-subject = Solution waits for the hospital's word: { $product } ({ $number })
silent-lead = { $manufacturer } reports ticket { $number } ({ $product }) solved; { $hospital } has not answered yet.
silent-next = The hospital is asked to check the delivery and answer; after ten working days a bureau decides. Silence never counts as solved.
silent-sms = Ticket { $number } ({ $product }): the reported solution waits for the hospital's answer.

# Notices about no single ticket. Variables: day, total, product, manufacturer, hospitals, cities, year, policy,
# version, last (the last day), count, batch, reason.

digest-subject = { $total } things wait for you today ({ $day })
digest-lead = On { $day }, { $total } things wait for you to be done or read:
digest-next = Sign in to deal with them. This digest comes on the mornings of working days, once a day, and not when nothing waits.
digest-sms = { $total } things wait for you today. Please sign in.

shortage-subject = Shortage alarm: { $product } ({ $hospitals } hospitals, { $cities } cities)
shortage-lead = { $hospitals } hospitals in { $cities } cities have open tickets for { $product } of { $manufacturer }: the threshold for an alarm is reached.
shortage-next = Sign in to see the shortage event and to look into capacity, stock and distribution; each ticket goes on under its own deadlines.
shortage-sms = Shortage alarm: { $product }, { $hospitals } hospitals in { $cities } cities. Please sign in.

calendar_missing-subject = The holidays of { $year } are not imported yet
calendar_missing-lead = There is no working calendar for { $year }; deadlines that touch that year are provisional.
calendar_missing-next = Import the year once the State Council's notice is out. Until then this reminder comes once a week.
calendar_missing-sms = The holidays of { $year } are not imported; deadlines are provisional. Please import them.

policy_lapsing-subject = A policy is about to lapse: { $policy } ({ $last })
policy_lapsing-lead = The last day of the policy { $policy } ({ $version }) is { $last }, and no other takes its place.
policy_lapsing-next = Find out what follows it and enter the new version. Tickets filed after it ends fall under the next wider policy.
policy_lapsing-sms = Policy { $version } lapses on { $last }. Please enter what follows it.

policy_lapsed-subject = A policy has lapsed: { $policy } ({ $last })
policy_lapsed-lead = The policy { $policy } ({ $version }) lapsed on { $last }; no other took its place, and new tickets fall under the next wider policy.
policy_lapsed-next = Decide and enter the decision: a new document, or continued by local decision.
policy_lapsed-sms = Policy { $version } lapsed on { $last }. Please decide what follows it.

contacts_unproven-subject = The contacts of { $count } manufacturers are not verified
contacts_unproven-lead = No notice has reached these manufacturers lately; their contacts may be out of date ({ $count } in all, 20 listed at most):
contacts_unproven-next = Check their people, phone numbers and mail addresses. While nobody can be reached, the province is told of new tickets, too.
contacts_unproven-sms = The contacts of { $count } manufacturers are not verified. Please sign in and check.

waiting-reply = Tickets to reply to
waiting-promise = Tickets that need a new promise
waiting-due_today = Deadlines that end today
waiting-overdue = Overdue tickets
waiting-confirm = Solutions to confirm
waiting-acknowledge = Escalations to acknowledge
waiting-decide = Requests to decide
waiting-messages = Unread messages and files

bulletin-button = Sign in
bulletin-label-hospitals = Hospitals
bulletin-label-cities = Cities
bulletin-label-tickets = Open tickets
bulletin-label-quantities = Missing
bulletin-label-stock = Fewest days of stock
bulletin-label-year = Year
bulletin-label-policy = Policy
bulletin-label-version = Version
bulletin-label-last = Last day

deadlines_moved-subject = { $count } deadlines were moved (batch { $batch })
deadlines_moved-lead = The working calendar or the time limits were changed, and { $count } deadlines of your tickets are due at another time now. Reason: { $reason }. The first of them:
deadlines_moved-next = Each ticket's page explains its new deadline day by day. What had been missed and would not be now is waived; notices that went out and escalations that began stay.
deadlines_moved-sms = { $count } deadlines of your tickets were moved (batch { $batch }). Please sign in.
template_broken-subject = A text could not be used: { $template }
template_broken-lead = Version { $version } of the text { $template } could not be used; the text that ships with the service was sent instead.
template_broken-next = Sign in as an administrator, open the text, correct it or restore an earlier version. Nobody went without a notice.
template_broken-sms = The text { $template } could not be used; the shipped text was sent. Please sign in.
bulletin-label-template = Text

channel_test-subject = Test message of Supplyline
channel_test-lead = This is a test that an administrator asked for. It is about no ticket.
channel_test-next = Nothing. It has arrived, and so will notices.
channel_test-sms = Supplyline: this is a test message about no ticket.
