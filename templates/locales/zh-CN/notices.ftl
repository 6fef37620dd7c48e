# 通知文案。变量：number 编号、product 品种、hospital 医疗机构、manufacturer 中选企业、
# what 时限名称、due 截止时间、promised 承诺日期、level 层级、bureau 医保局。

filed-subject = 新诉求单待回复：{ $product }（{ $number }）
filed-lead = { $hospital }提交了诉求单，反映“{ $product }”的供应问题，请{ $manufacturer }于 { $due } 前回复。
filed-next = 请登录系统填写回复：缺供原因、承诺日期、承诺数量和联系人。仅表示“已收到”不算回复；逾期未回复将自动督办升级。
filed-sms = 诉求单{ $number }（{ $product }）待回复，请于{ $due }前登录系统处理。

warning-subject = { $what }临近：{ $product }（{ $number }）
warning-lead = 诉求单{ $number }（{ $product }）的{ $what }将于 { $due } 届满，目前尚未办理。
warning-next = 请在截止前登录系统办理；逾期将记入该诉求单并自动督办升级。
warning-sms = 诉求单{ $number }（{ $product }）{ $what }临近，请于{ $due }前登录系统处理。

missed-subject = { $what }已逾期：{ $product }（{ $number }）
missed-lead = 诉求单{ $number }（{ $product }）的{ $what }已于 { $due } 届满，{ $manufacturer }未按期办理。
missed-next = 请{ $manufacturer }立即登录系统说明情况并给出处理安排；逾期情况已记入该诉求单，将按规则督办。
missed-sms = 诉求单{ $number }（{ $product }）{ $what }已逾期（{ $due }），请尽快处理。

escalated-subject = 已督办升级：{ $product }（{ $number }）
escalated-lead = 诉求单{ $number }（{ $product }）已督办升级至{ $level }，由{ $bureau }负责督办。
escalated-next = 请{ $bureau }登录系统签收并采取处置措施；请{ $manufacturer }同时抓紧办理，升级不影响原有时限。
escalated-sms = 诉求单{ $number }（{ $product }）已督办升级至{ $level }，请登录系统处理。

replied-subject = 企业已回复：{ $product }（{ $number }）
replied-lead = { $manufacturer }已回复诉求单{ $number }（{ $product }），承诺于 { $promised } 前解决。
replied-next = 请登录系统查看缺供原因、承诺数量和联系人；如对回复有异议，可在诉求单中留言或催办。
replied-sms = 诉求单{ $number }（{ $product }）企业已回复，承诺日期{ $promised }，详见系统。

promised-subject = 承诺已更新：{ $product }（{ $number }）
promised-lead = { $manufacturer }更新了诉求单{ $number }（{ $product }）的承诺，新的承诺日期为 { $promised }。
promised-next = 历次承诺均留存可查。请登录系统查看变更原因和承诺数量。
promised-sms = 诉求单{ $number }（{ $product }）承诺日期更新为{ $promised }，详见系统。

solved-subject = 企业反馈已解决，请确认：{ $product }（{ $number }）
solved-lead = { $manufacturer }反馈诉求单{ $number }（{ $product }）的供应问题已解决，请{ $hospital }确认。
solved-next = 请核对实际到货后在系统中确认：已解决、部分解决或未解决。未确认的诉求单不会自动视为解决。
solved-sms = 诉求单{ $number }（{ $product }）企业反馈已解决，请登录系统确认。

disputed-subject = 医疗机构确认未完全解决：{ $product }（{ $number }）
disputed-lead = { $hospital }确认诉求单{ $number }（{ $product }）的问题尚未解决或仅部分解决，原办结时限继续计算。
disputed-next = 请{ $manufacturer }登录系统查看剩余数量，重新作出承诺并抓紧供货。
disputed-sms = 诉求单{ $number }（{ $product }）尚未解决，请登录系统重新作出承诺。

urged-subject = 催办：{ $product }（{ $number }）
urged-lead = { $hospital }就诉求单{ $number }（{ $product }）发出催办。{ $what }：{ $due }。
urged-next = 请{ $manufacturer }尽快登录系统回复办理进展。
urged-sms = 诉求单{ $number }（{ $product }）被催办，{ $what } { $due }，请尽快处理。

closed-subject = 已办结：{ $product }（{ $number }）
closed-lead = 诉求单{ $number }（{ $product }）已办结。
closed-next = 无需再办理。如问题再次发生，请另行提交诉求单并关联本单。
closed-sms = 诉求单{ $number }（{ $product }）已办结。

withdrawn-subject = 已撤回：{ $product }（{ $number }）
withdrawn-lead = { $hospital }已撤回诉求单{ $number }（{ $product }），各项时限不再计算。
withdrawn-next = 无需再办理。撤回原因可在系统中查看。
withdrawn-sms = 诉求单{ $number }（{ $product }）已撤回，无需再办理。

message-subject = 有新留言：{ $product }（{ $number }）
message-lead = 诉求单{ $number }（{ $product }）有新留言。
message-next = 留言内容不随通知发送，请登录系统查看和回复。
message-sms = 诉求单{ $number }（{ $product }）有新留言，请登录系统查看。

attached-subject = 有新附件：{ $product }（{ $number }）
attached-lead = 诉求单{ $number }（{ $product }）新增了一份附件。
attached-next = 附件不随通知发送，请登录系统下载。
attached-sms = 诉求单{ $number }（{ $product }）新增附件，请登录系统查看。

acknowledged-subject = 医保局已签收：{ $product }（{ $number }）
acknowledged-lead = { $bureau }已签收诉求单{ $number }（{ $product }）的督办升级。
acknowledged-next = 处置措施将在诉求单中公布。请{ $manufacturer }继续抓紧办理，原有时限不变。
acknowledged-sms = 诉求单{ $number }（{ $product }）的督办升级已签收，详见系统。

measure-subject = 医保局已采取处置措施：{ $product }（{ $number }）
measure-lead = { $bureau }就诉求单{ $number }（{ $product }）采取了处置措施。
measure-next = 请登录系统查看措施内容和要求，并按要求办理。
measure-sms = 诉求单{ $number }（{ $product }）有新的处置措施，请登录系统查看。

escalation_closed-subject = 督办升级已办结：{ $product }（{ $number }）
escalation_closed-lead = { $bureau }已就诉求单{ $number }（{ $product }）的督办升级作出结论。
escalation_closed-next = 请登录系统查看结论。督办升级办结不等于诉求单办结，未完成的时限继续计算。
escalation_closed-sms = 诉求单{ $number }（{ $product }）的督办升级已有结论，详见系统。

distributor-subject = 请协助配送：{ $product }（{ $number }）
distributor-lead = 诉求单{ $number }（{ $product }）已指定贵单位为配送企业，请协助{ $manufacturer }保障{ $hospital }的供应。
distributor-next = 请登录系统查看需求数量并更新配送进展；供应责任仍由中选企业承担。
distributor-sms = 诉求单{ $number }（{ $product }）请贵单位协助配送，详见系统。

no_contact-subject = 中选企业无可用联系人：{ $product }（{ $number }）
no_contact-lead = { $manufacturer }没有可以接收通知的联系人，诉求单{ $number }（{ $product }）暂无法送达，时限照常计算。
no_contact-next = 请联系{ $manufacturer }登记联系人，或由管理员在系统中补录。
no_contact-sms = 诉求单{ $number }（{ $product }）的中选企业无可用联系人，请登录系统处理。

notice-urgent = 【紧急】
notice-urgent-badge = 紧急
notice-greeting = { $name }，您好：
notice-greeting-anonymous = 您好：
notice-unknown-due = 规定时限
notice-unknown-promised = 系统所示日期
notice-unknown-level = 上级医保局
notice-unknown-bureau = 负责的医保局
notice-colon = ：
notice-label-number = 诉求单编号
notice-label-product = 品种
notice-label-hospital = 医疗机构
notice-label-manufacturer = 中选企业
notice-label-promised = 承诺日期
notice-label-level = 督办层级
notice-label-bureau = 督办医保局
notice-deadlines = 时限
notice-due = { $due } 前（北京时间）
notice-provisional = 暂定
notice-provisional-why = 所涉年度的放假安排尚未公布，公布后将重新核定。
notice-explanation = 计算过程
notice-next = 下一步
notice-button = 查看诉求单
notice-plain-link = 如按钮无法打开，请复制此链接到浏览器：
notice-footer = 本邮件由系统自动发送，请勿直接回复；办理请登录系统。

deadline-reply = 回复时限
deadline-resolve = 办结时限
deadline-promise = 承诺时限
deadline-confirm = 确认时限
deadline-acknowledge = 签收时限
deadline-measure = 整改时限
deadline-any = 时限

level-county = 县级医保局
level-city = 市级医保局
level-province = 省级医保局

return_asked-subject = 企业申请退单：{ $product }（{ $number }）
return_asked-lead = { $manufacturer }认为诉求单{ $number }（{ $product }）不属于本企业，申请退单。
return_asked-next = 请医保局登录系统核实后作出决定；决定之前原有时限继续计算。
return_asked-sms = 诉求单{ $number }（{ $product }）企业申请退单，请登录系统审核。

return_refused-subject = 退单申请未获同意：{ $product }（{ $number }）
return_refused-lead = 诉求单{ $number }（{ $product }）的退单申请未获同意，仍由{ $manufacturer }负责。
return_refused-next = 原有时限未停止，请{ $manufacturer }抓紧办理。理由见系统。
return_refused-sms = 诉求单{ $number }（{ $product }）退单申请未获同意，请抓紧办理。

returned-subject = 已退单：{ $product }（{ $number }）
returned-lead = 诉求单{ $number }（{ $product }）的退单申请已获同意，本单办结。
returned-next = 如医保局已指定责任企业，将另有新诉求单接续办理，时限重新计算。
returned-sms = 诉求单{ $number }（{ $product }）已退单，详见系统。

extension_asked-subject = 企业申请延期：{ $product }（{ $number }）
extension_asked-lead = { $manufacturer }申请延长诉求单{ $number }（{ $product }）的办结时限，现行时限为 { $due }。
extension_asked-next = 请医保局登录系统查看理由后作出决定；同意之前时限不变。
extension_asked-sms = 诉求单{ $number }（{ $product }）企业申请延期，请登录系统审核。

extension_granted-subject = 延期已获同意：{ $product }（{ $number }）
extension_granted-lead = 诉求单{ $number }（{ $product }）的延期申请已获同意，办结时限调整为 { $due }。
extension_granted-next = 已发生的逾期仍保留记录。请{ $manufacturer }按新时限办理，如原承诺日期已过请重新承诺。
extension_granted-sms = 诉求单{ $number }（{ $product }）延期获同意，办结时限{ $due }。

extension_refused-subject = 延期未获同意：{ $product }（{ $number }）
extension_refused-lead = 诉求单{ $number }（{ $product }）的延期申请未获同意，原时限 { $due } 不变。
extension_refused-next = 请{ $manufacturer }按原时限抓紧办理。理由见系统。
extension_refused-sms = 诉求单{ $number }（{ $product }）延期未获同意，原时限不变。

force_majeure_asked-subject = 不可抗力申请：{ $product }（{ $number }）
force_majeure_asked-lead = 诉求单{ $number }（{ $product }）收到不可抗力申请，请求暂停计时。
force_majeure_asked-next = 请医保局登录系统查看理由和证明材料后作出决定；同意之前时限继续计算。
force_majeure_asked-sms = 诉求单{ $number }（{ $product }）有不可抗力申请，请登录系统审核。

stopped-subject = 已暂停计时：{ $product }（{ $number }）
stopped-lead = 医保局认定不可抗力，诉求单{ $number }（{ $product }）的各项时限暂停计算。
stopped-next = 预计结束日期届满或医保局决定恢复后，剩余工作日继续计算。
stopped-sms = 诉求单{ $number }（{ $product }）已暂停计时，详见系统。

stop_refused-subject = 不可抗力未获认定：{ $product }（{ $number }）
stop_refused-lead = 诉求单{ $number }（{ $product }）的不可抗力申请未获认定，各项时限继续计算。
stop_refused-next = 请{ $manufacturer }抓紧办理。理由见系统。
stop_refused-sms = 诉求单{ $number }（{ $product }）不可抗力未获认定，时限不变。

resumed-subject = 已恢复计时：{ $product }（{ $number }）
resumed-lead = 诉求单{ $number }（{ $product }）恢复计时。{ $what }：{ $due }。
resumed-next = 暂停期间的日子不计入时限，逐日说明见下。请{ $manufacturer }继续办理。
resumed-sms = 诉求单{ $number }（{ $product }）已恢复计时，{ $what }{ $due }。

silent-subject = 解决结果待医疗机构确认：{ $product }（{ $number }）
silent-lead = { $manufacturer }反馈诉求单{ $number }（{ $product }）已解决，{ $hospital }尚未确认。
silent-next = 请医疗机构核对到货后确认；十个工作日内未确认的，由医保局核实认定，不会自动视为解决。
silent-sms = 诉求单{ $number }（{ $product }）待医疗机构确认解决结果，请登录系统处理。

# 不属于单张诉求单的通知。变量：day 日期、total 总数、product 品种、manufacturer 中选企业、hospitals 医疗机构数、
# cities 设区市数、year 年度、policy 规则名称、version 版本、last 最后一日、count 家数。

digest-subject = 今日待办 { $total } 项（{ $day }）
digest-lead = { $day } 共有 { $total } 项事项待您处理或查看：
digest-next = 请登录系统办理。本汇总仅在工作日早晨发送，每日一封；无待办时不发送。
digest-sms = 今日待办{ $total }项，请登录系统办理。

shortage-subject = 供应事件预警：{ $product }（{ $hospitals } 家医疗机构、{ $cities } 个设区市）
shortage-lead = { $manufacturer }的“{ $product }”在 { $cities } 个设区市的 { $hospitals } 家医疗机构存在未办结诉求，已达到预警标准。
shortage-next = 请登录系统查看供应事件，统筹核实产能、库存和调配情况；各诉求单仍按各自时限督办。
shortage-sms = 供应事件预警：{ $product }涉及{ $cities }市{ $hospitals }家医疗机构，请登录系统查看。

calendar_missing-subject = { $year } 年放假安排尚未导入
calendar_missing-lead = 系统中没有 { $year } 年的工作日历，涉及该年度的时限均为暂定时限。
calendar_missing-next = 国务院办公厅放假通知发布后，请导入该年度日历；导入前系统每周提醒一次。
calendar_missing-sms = { $year }年放假安排尚未导入，相关时限为暂定，请尽快导入。

policy_lapsing-subject = 时限规则即将到期：{ $policy }（{ $last }）
policy_lapsing-lead = 时限规则“{ $policy }”（{ $version }）的最后适用日为 { $last }，目前没有接续的规则。
policy_lapsing-next = 请确认接续文件并录入新版本；到期后新提交的诉求单将适用上一级规则。
policy_lapsing-sms = 时限规则{ $version }将于{ $last }到期，请录入接续规则。

policy_lapsed-subject = 时限规则已到期：{ $policy }（{ $last }）
policy_lapsed-lead = 时限规则“{ $policy }”（{ $version }）已于 { $last } 到期，没有接续的规则，新提交的诉求单适用上一级规则。
policy_lapsed-next = 请作出决定并录入：按新文件执行，或由本地决定继续执行。
policy_lapsed-sms = 时限规则{ $version }已于{ $last }到期，请作出接续决定。

contacts_unproven-subject = { $count } 家中选企业的联系方式未经验证
contacts_unproven-lead = 以下中选企业近期没有任何一条通知成功送达，其联系方式可能失效（共 { $count } 家，最多列出 20 家）：
contacts_unproven-next = 请核实联系人、手机号码和邮箱；联系不上时，新诉求单将同时通知省级医保局。
contacts_unproven-sms = { $count }家中选企业联系方式未经验证，请登录系统核实。

waiting-reply = 待回复诉求单
waiting-promise = 待重新承诺诉求单
waiting-due_today = 今日到期时限
waiting-overdue = 已逾期诉求单
waiting-confirm = 待确认解决结果
waiting-acknowledge = 待签收督办
waiting-decide = 待决定申请
waiting-messages = 未读留言和附件

bulletin-button = 登录系统
bulletin-label-hospitals = 医疗机构数
bulletin-label-cities = 设区市数
bulletin-label-tickets = 未办结诉求单
bulletin-label-quantities = 短缺数量
bulletin-label-stock = 最低库存天数
bulletin-label-year = 年度
bulletin-label-policy = 时限规则
bulletin-label-version = 版本
bulletin-label-last = 最后适用日

deadlines_moved-subject = 有 { $count } 项时限已调整（第 { $batch } 批）
deadlines_moved-lead = 因工作日历或时限规则变更，贵单位诉求单的 { $count } 项时限已重新计算。变更原因：{ $reason }。其中：
deadlines_moved-next = 各诉求单页面逐日说明新的时限。原已逾期、按新规则不再逾期的，予以豁免并保留记录；已发出的通知和已开始的督办不撤回。
deadlines_moved-sms = 贵单位诉求单有{ $count }项时限已调整（第{ $batch }批），请登录系统查看。
template_broken-subject = 通知模板无法使用：{ $template }
template_broken-lead = 通知模板 { $template } 的第 { $version } 版无法使用，已改用系统自带文案发送。
template_broken-next = 请管理员登录系统打开该模板，改正文案或恢复早前版本。所有通知均已照常发出。
template_broken-sms = 通知模板{ $template }无法使用，已改用系统自带文案，请登录系统处理。
bulletin-label-template = 模板

channel_test-subject = 供应保障平台测试消息
channel_test-lead = 这是管理员发送的测试消息，不涉及任何诉求单。
channel_test-next = 无需处理。能收到本消息，即可收到各类通知。
channel_test-sms = 供应保障平台测试消息，不涉及任何诉求单，无需处理。
