// Every word the app says, in Chinese and in English.

export const languages = ['zh', 'en'];
let language = 'zh';

export function speak(wanted) {
  language = languages.includes(wanted) ? wanted : 'zh';
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}
export const spoken = () => language;

// One word in the language that is spoken.
export const t = (zh, en) => (language === 'zh' ? zh : en);

export const both = (one) => t(one.labelZh, one.labelEn) || '';

const table = {
  CATEGORY_REFRIGERATOR: ['冰箱', 'Refrigerator'],
  CATEGORY_WASHING_MACHINE: ['洗衣机', 'Washing machine'],
  CATEGORY_AIR_CONDITIONER: ['空调', 'Air conditioner'],
  CATEGORY_TELEVISION: ['电视', 'Television'],
  CATEGORY_WATER_HEATER: ['热水器', 'Water heater'],
  CATEGORY_RANGE_HOOD: ['油烟机', 'Range hood'],
  CATEGORY_MICROWAVE: ['微波炉', 'Microwave'],
  CATEGORY_VACUUM: ['吸尘器', 'Vacuum cleaner'],
  CATEGORY_FAN: ['电风扇', 'Fan'],
  STAGE_APPOINTED: ['已预约', 'Booked'],
  STAGE_ON_SITE: ['已到达', 'At the door'],
  STAGE_INSPECTING: ['检测中', 'Inspecting'],
  STAGE_VERDICT_IN: ['检测单已提交', 'Certificate submitted'],
  STAGE_VERDICT_HELD: ['待厂家确认检测单', 'The brand confirms the certificate'],
  STAGE_DECIDING: ['正在判定', 'Being decided'],
  STAGE_REMEDY_OFFERED: ['客户选择处理方式', 'The customer chooses'],
  STAGE_REPAIRING: ['可以维修', 'To be repaired'],
  STAGE_AWAIT_CONFIRM: ['待客户确认', 'The customer confirms'],
  STAGE_CLOSED: ['已完成', 'Closed'],
  STAGE_CANCELLED: ['已取消', 'Cancelled'],
  STAGE_PAUSED: ['已暂停', 'Paused'],
  STAGE_REFUNDING: ['退款中', 'Money goes back'],
  STAGE_REPLACING: ['换新中', 'A new unit comes'],
  STAGE_DENIED: ['不支持处理', 'Not covered'],
  startTravel: ['出发', 'On the way'],
  photo: ['照片', 'Photo'],
  checkIn: ['到达签到', 'At the door'],
  submitInspection: ['检测单', 'Inspection'],
  completeRepair: ['维修完成', 'Repair'],
  completeVisit: ['完工码', 'Completion code'],
  reportUnable: ['无法完成', 'Could not be finished'],
  waiting: ['等待发送', 'Waits to be sent'],
  done: ['已受理', 'Taken'],
  kept: ['来迟了，留作证据', 'Came too late, kept as evidence'],
  refused: ['未受理', 'Refused'],
  appointment_over: ['该次上门已取消', 'the visit was called off'],
  visit_went_on: ['上门已进行到后面的步骤', 'the visit has gone on'],
  case_ended: ['服务单已结束', 'the case has ended'],
  case_reassigned: ['已改派他人', 'the case is another technician’s'],
  MESSAGE_STALE: ['已有更新的消息', 'something newer was taken'],
};

export const word = (key) => (table[key] ? t(...table[key]) : key);

// The lists of the certificate: value on the wire, Chinese, English.
export const lists = {
  packaging: [['PACKAGING_MISSING', '已无包装', 'Gone'], ['PACKAGING_INTACT', '完好', 'Whole'], ['PACKAGING_DAMAGED', '破损', 'Damaged']],
  exterior: [['EXTERIOR_INTACT', '完好', 'Whole'], ['EXTERIOR_SCRATCH', '划痕', 'Scratched'], ['EXTERIOR_DENT', '凹陷', 'Dented'], ['EXTERIOR_CRACK', '开裂', 'Cracked'], ['EXTERIOR_SCREEN_BROKEN', '屏幕破裂', 'Screen broken']],
  function: [['FUNCTION_FAULT', '有故障', 'Faulty'], ['FUNCTION_NORMAL', '正常', 'Works'], ['FUNCTION_UNTESTED', '未测试', 'Not tested']],
  cause: [['CAUSE_PRODUCT', '产品原因', 'The product'], ['CAUSE_TRANSPORT', '运输', 'Transport'], ['CAUSE_INSTALLATION', '安装', 'Installation'], ['CAUSE_USER', '使用', 'Use'], ['CAUSE_UNAUTHORISED_OPENING', '私自拆机', 'Opened by others'], ['CAUSE_ENVIRONMENT', '环境', 'Surroundings'], ['CAUSE_FORCE_MAJEURE', '不可抗力', 'Force majeure'], ['CAUSE_UNDETERMINED', '无法判定', 'Not known']],
  handling: [['ON_SITE_HANDLING_NONE', '未处理', 'Nothing'], ['ON_SITE_HANDLING_ADJUSTED', '调试', 'Adjusted'], ['ON_SITE_HANDLING_REPAIRED', '已维修', 'Repaired'], ['ON_SITE_HANDLING_PART_ORDERED', '已订配件', 'Part ordered'], ['ON_SITE_HANDLING_REMOVED', '拆下带走', 'Taken down']],
  conclusion: [['CONCLUSION_REPAIRABLE', '可维修', 'Can be repaired'], ['CONCLUSION_MEETS_RETURN_EXCHANGE', '符合退换', 'Return or exchange'], ['CONCLUSION_DOES_NOT_MEET', '不符合', 'Neither'], ['CONCLUSION_CANNOT_DETERMINE', '无法判定', 'Not known']],
  signature: [['SIGNATURE_SIGNED', '客户签字', 'Signed'], ['SIGNATURE_REFUSED', '客户拒签', 'Refused']],
  repaired: [['FUNCTION_NORMAL', '已修好', 'It works'], ['FUNCTION_FAULT', '未修好', 'It does not']],
  unable: [['UNABLE_REASON_NO_ACCESS', '无人在家', 'Nobody opened'], ['UNABLE_REASON_NO_POWER_OR_WATER', '停电停水', 'No power or water'], ['UNABLE_REASON_UNSAFE', '不安全', 'Unsafe'], ['UNABLE_REASON_WEATHER', '天气', 'Weather'], ['UNABLE_REASON_PARTS_MISSING', '缺配件', 'Parts missing'], ['UNABLE_REASON_NEEDS_HELP', '需要协助', 'Help needed']],
};

const clock = () => new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

// A window or an instant by the clock of Shanghai, wherever the device is.
export const time = (at) => clock().format(new Date(at));
export const between = (window) => `${time(window.from)}–${time(window.to)}`;
