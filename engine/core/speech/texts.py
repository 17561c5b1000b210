"""The Chinese words of every sound that the house may play: what they are synthesised from.

Names are Asterisk's own where Asterisk has a sound of that meaning, so that its own speech (of
`digits:` and `number:`) and a language's fallback to English work; else `usher/...`.

espeak-ng reads sign by sign and knows one reading of each, so words whose signs have another one
here are avoided: 重新, 出差, 停泊, 尽快.
"""
# ruff: noqa: RUF001 - Chinese has commas of its own.

from __future__ import annotations

from typing import Final

from engine.core.speech.numerals import numeral

_NUMBERS: Final = {
    **{f"digits/{n}": numeral(n) for n in range(100)},
    "digits/hundred": "百",
    "digits/thousand": "千",
    "digits/wan": "万",
    "digits/yi": "亿",
    "digits/million": "百万",
    "digits/billion": "十亿",
    "digits/minus": "负",
    "digits/star": "星号",
    "digits/pound": "井号",
    "letters/plus": "加",
    "usher/two-of": "两",
    "usher/ten-thousand": "万",
    "usher/hundred-million": "亿",
    "second": "秒",
    "seconds": "秒",
    "minute": "分钟",
    "minutes": "分钟",
    "hours": "小时",
}

_WAITING: Final = {
    "queue-thankyou": "感谢您的耐心等待",
    "queue-youarenext": "您当前排在第一位，即将为您接通",
    "queue-thereare": "您当前排在第",
    "queue-callswaiting": "位",
    "queue-holdtime": "预计等待时间",
    "queue-less-than": "不到",
    "queue-minute": "分钟",
    "queue-minutes": "分钟",
    "queue-seconds": "秒",
    "queue-periodic-announce": "坐席全忙，请不要挂机，我们马上为您接通",
    "usher/about": "大约",
    "usher/agent": "工号",
    "usher/at-your-service": "为您服务",
}

_CALLBACK: Final = {
    "usher/press": "请按",
    "usher/to-be-called-back": "键预约回电，您的排队位置将为您保留",
    "usher/your-number-is": "您的号码是",
    "you-entered": "您输入的是",
    "usher/callback-confirm": "确认请按一，更换号码请按二",
    "usher/enter-number": "请输入您的电话号码，以井号键结束",
    "privacy-incorrect": "对不起，号码无效",
    "usher/callback-already": "您的号码已经在排队等待回电",
    "usher/callback-not-callable": "对不起，无法呼叫该号码，请更换号码",
    "usher/callback-registered": "回电预约成功，谢谢您的来电，再见",
    "usher/callback-for-agent": "回呼客户，号码",
    "usher/callback-not-reached": "客户无人接听",
}

_SENTENCES: Final = {
    "usher/queue": "队列",
    "usher/queue-closed": "已关闭",
    "usher/queue-open": "已开放",
    "usher/queue-by-hours": "已恢复正常营业时间",
    "goodbye": "再见",
    "vm-goodbye": "再见",
    "vm-nobodyavail": "对不起，现在无人接听",
    "please-try-call-later": "请稍后再拨",
    "vm-intro": "请在提示音后留言，结束后请挂机或按井号键",
    "auth-thankyou": "谢谢",
    "sorry": "对不起",
    "pbx-invalid": "对不起，您拨的号码不存在，请再拨一次",
    "invalid": "对不起，您拨的分机不存在，请再拨一次",
    "pbx-invalidpark": "对不起，该号码没有保留的来电",
    "pm-invalid-option": "选择无效，请再选一次",
    "please-try-again": "请再试一次",
    "vm-sorry": "对不起，没有听懂您的选择",
    "one-moment-please": "请稍候",
}

_CODES: Final = {
    "agent-loginok": "坐席已签入",
    "agent-loggedoff": "坐席已签出",
    "activated": "已恢复",
    "added": "已增加",
    "cancelled": "已取消",
    "enabled": "已继续",
    "de-activated": "已停止",
    "dictate/record": "录音",
    "dictate/pause": "暂停原因",
    "dictate/paused": "已暂停",
    "im-sorry": "对不起",
    "time": "话后时间",
    "extension": "分机",
    "is-set-to": "状态设为",
    "do-not-disturb": "免打扰",
    "your": "您自己的",
    "vm-no": "没有",
    "vm-last": "上次",
    "vm-messages": "留言信箱",
    "location": "签入记录",
    "cannot-complete-as-dialed": "您没有权限",
    "feature-not-avail-line": "该功能不可用",
    "number-not-answering": "没有正在进行的通话",
    "vm-isunavail": "没有通话",
    "vm-isonphone": "正在通话，不属于队列",
    "all-circuits-busy-now": "不在本服务器",
    "something-terribly-wrong": "系统故障",
    "usher/presence-available": "在线",
    "usher/presence-away": "离开",
    "usher/presence-business-trip": "因公外出",
    "usher/presence-lunch": "午休",
    "usher/presence-off-work": "下班",
}

CHINESE_TEXTS: Final[dict[str, str]] = {**_NUMBERS, **_WAITING, **_CALLBACK, **_SENTENCES, **_CODES}
"""By the sound's name, without `sound:` and suffix."""

SPEECH_COMMAND: Final = "espeak-ng -v {voice} -s 160 -w {file} -- {text}"
"""What speaks, unless somebody chooses better: free, small, in every Linux distribution."""

TEXTS: Final = {"zh": CHINESE_TEXTS}
"""The languages whose sounds are synthesised."""
