"""An ARI on the loopback, as Asterisk 22.10 speaks it, over the switch of the fakes.

It does what `AriTelephony` asks over the websocket, checks the password, filters events (answers
too!) and says ends of channels as often as Asterisk does. It can be told to misbehave: to be slow,
to be mute, to cut the line, to send any text.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import WSMsgType, web

from engine.adapters.fakes.parts import Channel, News, Refused, What
from engine.adapters.fakes.switch import Switch

USER, SECRET = "usher", "s3cret"
APP = "usher"
Json = dict[str, Any]


class AriServer:
    """Use as `async with AriServer() as server`; then `server.url`.

    Attributes:
        switch: the calls.
        refuse: a status that connections are answered with, 0 for none.
        mute: takes requests and answers none.
        deaf: does not even read.
        before: what to do just before a request is carried out, by (method, start of uri).
        enter_legs: whether a leg that was made enters the application.
        echo_transfers: whether it says that a phone has been told of its transfer.
        version: which Asterisk it says to be.
        requests: every request taken, as (method, uri, query, body).
        answers: statuses instead of carrying out, by (method, start of uri).
    """

    def __init__(self, switch: Switch | None = None) -> None:
        self.switch = switch or Switch()
        self.version = "22.11.0"
        self.switch.listener = self._heard
        self.refuse = 0
        self.mute = False
        self.deaf = False
        self.requests: list[tuple[str, str, dict[str, str], Json]] = []
        self.answers: dict[tuple[str, str], tuple[int, Json]] = {}
        self.before: dict[tuple[str, str], Callable[[], None]] = {}
        self.enter_legs = True
        self.echo_transfers = True
        self.connections = 0
        self.allowed: set[str] | None = None
        self.app_exists = False
        self.port = 0
        self._ours: dict[str, Channel] = {}
        self._subscribed: set[str] = set()
        self._socket: web.WebSocketResponse | None = None
        self._out: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()
        self.lamps: dict[str, str] = {}

    async def __aenter__(self) -> AriServer:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self.switch.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def listen(self) -> None:
        self._stopping.clear()
        app = web.Application()
        app.router.add_get("/ari/events", self._events)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Closes the port, and the connection as a crash would."""
        self.cut()
        self._stopping.set()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def cut(self) -> None:
        """Ends the connection without a goodbye."""
        if self._socket is not None:
            writer = self._socket._writer
            assert writer is not None
            writer.transport.abort()
            self._socket = None
        self._out.put_nowait(None)

    def say(self, message: Json | str | bytes) -> None:
        """Sends anything."""
        self._out.put_nowait(json.dumps(message) if isinstance(message, dict) else message)

    def event(self, kind: str, **fields: Any) -> None:
        """Sends an event, if the filter lets it through."""
        if self._socket is None or (self.allowed is not None and kind not in self.allowed):
            return
        self.say({"type": kind, "timestamp": _time(0), **fields, "application": APP})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        good = "Basic " + base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
        if request.headers.get("Authorization") != good:
            return web.Response(status=401)
        if self.refuse:
            return web.Response(status=self.refuse)
        if request.query.get("app") != APP:
            return web.Response(status=400)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        if self._socket is not None:
            self.event("ApplicationReplaced")
        self._socket, self._out = socket, asyncio.Queue()
        self.connections += 1
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write(socket, self._out))
            try:
                await self._read(socket)
            finally:
                if self._socket is socket:
                    self._socket = None
                writer.cancel()
        return socket

    async def _read(self, socket: web.WebSocketResponse) -> None:
        if self.deaf:
            await self._stopping.wait()
            return
        async for message in socket:
            if message.type is WSMsgType.TEXT and not self.mute:
                self._rest(json.loads(message.data))

    async def _write(
        self, socket: web.WebSocketResponse, out: asyncio.Queue[str | bytes | None]
    ) -> None:
        while (item := await out.get()) is not None:
            try:
                if isinstance(item, bytes):
                    await socket.send_bytes(item)
                else:
                    await socket.send_str(item)
            except ConnectionError:
                return

    # Requests.

    def _rest(self, message: Json) -> None:
        method, uri = message["method"], message["uri"]
        query = {each["name"]: each["value"] for each in message.get("query_strings", ())}
        body = json.loads(message["message_body"]) if "message_body" in message else {}
        self.requests.append((method, uri, query, body))
        for (wanted, start), do in list(self.before.items()):
            if wanted == method and uri.startswith(start):
                do()
        for (wanted, start), (status, answer) in self.answers.items():
            if wanted == method and uri.startswith(start):
                self._answer(message, status, answer)
                return
        path = [unquote(part) for part in uri.split("/")]
        try:
            status, answer = self._carry_out(method, path, query, body)
        except Refused as refused:
            status, answer = refused.status, {"message": refused.why}
        self._answer(message, status, answer)

    def _set_variable(self, channel_id: str, name: str, value: str) -> None:
        channel = self.switch.present(channel_id)
        if name == "CHANNEL(musicclass)":
            channel.hold_music = value
        else:
            channel.variables[name] = value

    def _answer(self, message: Json, status: int, body: object) -> None:
        if self.allowed is not None and "RESTResponse" not in self.allowed:
            return
        answer = {
            "type": "RESTResponse",
            "transaction_id": message["transaction_id"],
            "request_id": message["request_id"],
            "status_code": status,
            "reason_phrase": "OK" if status < 300 else "Not OK",
            "uri": message["uri"],
        }
        if body is not None:
            answer["content_type"] = "application/json"
            answer["message_body"] = json.dumps(body)
        self.say(answer)

    def _carry_out(  # noqa: C901, PLR0911, PLR0912, PLR0915 - a table
        self, method: str, path: list[str], query: dict[str, str], body: Json
    ) -> tuple[int, object]:
        switch = self.switch
        match method, *path:
            case "PUT", "applications", _, "eventFilter":
                self.allowed = {each["type"] for each in body["allowed"]}
                there = [each for each in self._ours if each in switch.channels]
                return 200, {"name": APP, "channel_ids": there, "bridge_ids": []}
            case "POST", "applications", _, "subscription":
                kind, _, source = query["eventSource"].partition(":")
                if kind != "channel" or source not in switch.channels:
                    return 422, {"message": "Event source does not exist"}
                self._subscribed.add(source)
                return 200, {"name": APP}
            case "POST", "channels", channel_id, "variable":
                self._set_variable(channel_id, query["variable"], query["value"])
            case "POST", "channels", channel_id, "continue":
                variables = switch.present(channel_id).variables
                assert (query["context"], query["extension"]) == ("usher-away", "go")
                switch.send_away(
                    channel_id, variables.pop("USHER_CONTEXT"), variables.pop("USHER_EXTEN")
                )
            case "POST", "bridges", bridge_id, "play", playback_id:
                switch.play_to_all(bridge_id, tuple(query["media"].split(",")))
                return 201, {"id": playback_id, "state": "queued"}
            case "GET", "asterisk", "info":
                info = {
                    "status": {"startup_time": f"boot {switch.boots}"},
                    "system": {"version": self.version},
                }
                return 200, {key: info[key] for key in query["only"].split(",")}
            case "GET", "channels":
                return 200, [_channel(each) for each in switch.channels.values()]
            case "GET", "bridges":
                return 200, [_bridge(key, each) for key, each in switch.bridges.items()]
            case "POST", "channels", "create":
                endpoint = query["endpoint"].removeprefix("PJSIP/").partition("@")[0]
                variables = body.get("variables", {})
                shown = variables.get("CONNECTEDLINE(all,i)", "").replace('"', "")
                alert = variables.get("PJSIP_HEADER(add,Alert-Info)")
                leg = switch.make_leg(query["channelId"], endpoint, shown=shown, alert=alert)
                return 200, _channel(leg)
            case "POST", "channels":
                where = (query["endpoint"], query["context"], query["extension"])
                assert where == ("Local/go@usher-fetch/n", "usher-fetch", "over")
                variables = body["variables"]
                switch.fetch(variables["USHER_FETCH"], variables["USHER_FETCH_TRIP"])
            case "POST", "channels", channel_id, "dial":
                switch.dial(channel_id, int(query["timeout"]))
            case "POST", "channels", channel_id, "answer":
                switch.answer(channel_id)
            case "POST", "channels", channel_id, ("moh" | "ring") as what:
                switch.sound(channel_id, "" if what == "ring" else query.get("mohClass", "default"))
            case "DELETE", "channels", channel_id, ("moh" | "ring"):
                switch.sound(channel_id, None)
            case "POST", "channels", channel_id, "play", playback_id:
                switch.play(channel_id, playback_id, tuple(query["media"].split(",")))
                return 201, {"id": playback_id, "state": "queued"}
            case "DELETE", "playbacks", playback_id:
                switch.stop_playing(playback_id)
            case "POST", "channels", channel_id, "snoop", ear_id:
                spy, whisper = query["spy"], query["whisper"]
                ear = switch.ears.snoop(channel_id, ear_id, spy=spy, whisper=whisper)
                return 200, _channel(ear)
            case "POST", "channels", channel_id, "record":
                switch.ears.record(channel_id, query["name"])
                return 201, {"name": query["name"], "state": "queued"}
            case "POST", "recordings", "live", name, "stop":
                switch.ears.stop(name)
            case (("POST" | "DELETE"), "recordings", "live", name, "pause"):
                switch.ears.pause(name, paused=method == "POST")
            case "POST", "channels", channel_id, "transfer_progress":
                switch.answer_transfer(channel_id, query["states"])
                if self.echo_transfers:
                    self._transfer_told(switch.channels[channel_id], query["states"])
            case "DELETE", "channels", channel_id:
                if channel_id in switch.channels and switch.channels[channel_id].spy:
                    self._hanging_up_softly(switch.channels[channel_id])
                reasons = {"answered_elsewhere": 26, "normal": 16}
                cause = reasons.get(query.get("reason", "")) or int(query.get("reason_code", "16"))
                switch.hang_up(channel_id, cause)
            case "POST", "bridges", bridge_id:
                switch.make_bridge(bridge_id)
                return 200, _bridge(bridge_id, [])
            case "POST", "bridges", bridge_id, "addChannel":
                switch.join(bridge_id, query["channel"].split(","))
            case "POST", "bridges", bridge_id, "removeChannel":
                switch.take_out(bridge_id, query["channel"])
            case "GET", "deviceStates":
                return 200, []
            case "DELETE", "bridges", bridge_id:
                switch.remove_bridge(bridge_id)
            case "GET", "deviceStates":
                return 200, [{"name": n, "state": state} for n, state in self.lamps.items()]
            case "PUT", "deviceStates", name:
                self.lamps[name] = query["deviceState"]
            case "DELETE", "deviceStates", name:
                self.lamps.pop(name, None)
            case _:
                raise AssertionError(f"the adapter asked {method} {path}, which is new")
        return 204, None

    # News of the switch, as often as Asterisk tells them.

    def _heard(self, news: News) -> None:  # noqa: C901, PLR0912, PLR0915 - a table
        channel = news.channel
        told = _channel(channel)
        match news.what:
            case What.ARRIVED:
                self._ours[channel.channel_id] = channel
                self.event("StasisStart", args=["in", channel.endpoint], channel=told)
            case What.LEFT:
                self.event("StasisEnd", channel=told)
                if channel.channel_id not in self._subscribed:
                    del self._ours[channel.channel_id]
            case What.BACK | What.LOST:
                self._ours[channel.channel_id] = channel
                args = [news.what.value, channel.endpoint]
                self.event("StasisStart", args=args, channel=told)
            case What.ENTERED:
                self._ours[channel.channel_id] = channel
                if self.enter_legs:
                    self.event("StasisStart", args=[], channel=told)
            case _ if channel.channel_id not in self._ours:
                pass  # It left, and nobody subscribed to it.
            case What.RINGING | What.UP:
                self.event("ChannelStateChange", channel=told)
            case What.HELD:
                self.event("ChannelHold", channel=told, musicclass="default")
            case What.RESUMED:
                self.event("ChannelUnhold", channel=told)
            case What.PLAYED:
                state = "done" if news.ok else "failed"
                playback = {"id": news.playback_id, "media_uri": "sound:x", "state": state}
                self.event("PlaybackFinished", playback=playback)
            case What.KEY:
                self.event("ChannelDtmfReceived", channel=told, digit=news.text, duration_ms=100)
            case What.TRANSFER:
                self._transfer_wanted(news)
            case What.RECORDING | What.RECORDED:
                what = "Started" if news.what is What.RECORDING else "Finished"
                uri = f"channel:{channel.channel_id}"
                recording = {"name": "x", "format": "wav", "state": "?", "target_uri": uri}
                self.event(f"Recording{what}", recording=recording)
            case What.FORWARDED:
                for forward in ("", news.text, news.text):
                    self.event("Dial", peer=told, dialstatus="", forward=forward)
                self.event("ChannelHangupRequest", channel=told, cause=23, tech_cause=302)
            case What.HANGING_UP:
                cause = {} if channel.up and channel.dialled else {"cause": news.cause}
                self.event("ChannelHangupRequest", channel=told, **cause)
            case What.GONE:
                self._ours.pop(channel.channel_id, None)
                if not channel.spy:
                    self._hanging_up_softly(channel)
                if not channel.away:
                    self.event("StasisEnd", channel=told)
                subscribed = channel.channel_id in self._subscribed
                if subscribed or (not channel.dialled and not channel.spy):
                    cause = {"cause": news.cause, "cause_txt": "?"}
                    self.event("ChannelDestroyed", channel=told, **cause)

    def _hanging_up_softly(self, channel: Channel) -> None:
        self.event("ChannelHangupRequest", channel=_channel(channel), cause=32, soft=True)

    def _transfer_told(self, channel: Channel, state: str) -> None:
        refer_to: Json = {"requested_destination": {"destination": "?"}}
        referred_by = {"source_channel": _channel(channel)}
        self.event("ChannelTransfer", refer_to=refer_to, referred_by=referred_by, state=state)

    def _transfer_wanted(self, news: News) -> None:
        wanted = {"destination": news.text}
        refer_to: Json = {"requested_destination": wanted}
        if news.other_id is not None:
            wanted["protocol_id"] = "dialog@phone"
        if news.other_id:
            refer_to["destination_channel"] = _channel(self.switch.channels[news.other_id])
        referred_by = {"source_channel": _channel(news.channel)}
        self.event("ChannelTransfer", refer_to=refer_to, referred_by=referred_by)


def _time(epoch_ms: int) -> str:
    when = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{epoch_ms % 1000:03d}+0000"


def _channel(channel: Channel) -> Json:
    state = "Up" if channel.up else "Ring" if channel.dialled else "Down"
    if channel.dialled_out and not channel.up:
        state = "Ringing"
    return {
        "id": channel.channel_id,
        "name": f"{'Snoop' if channel.spy else 'PJSIP'}/{channel.endpoint}-0000002a",
        "state": state,
        "protocol_id": "x",
        "caller": {
            "name": re.sub(r'(["\\\\])', r"\\\1", channel.caller_name),
            "number": channel.caller_number,
        },
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {
            "context": "usher-in",
            "exten": channel.dialled or "s",
            "priority": 1,
            "app_name": "Wait" if channel.away else "Stasis",
            "app_data": f"{APP},back,{channel.trip}" if channel.trip else APP,
        },
        "creationtime": _time(channel.created_ms),
        "language": "en",
    }


def _bridge(bridge_id: str, channels: list[Channel]) -> Json:
    return {
        "id": bridge_id,
        "technology": "simple_bridge",
        "bridge_type": "mixing",
        "bridge_class": "stasis",
        "creator": "Stasis",
        "name": "",
        "channels": [each.channel_id for each in channels],
        "creationtime": _time(0),
        "video_mode": "talker",
    }
