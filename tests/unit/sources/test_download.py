"""Downloads through yt-dlp from a real server: whole and aligned, or not there and with a reason."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import ffmpeg
import numpy as np
import psutil
import pytest

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.media.ffmpeg import local_file, run_ffmpeg
from objectsounds.media.frames import read_frames
from objectsounds.media.mono import decode_mono
from objectsounds.sources import download as fetch
from objectsounds.sources import unavailable
from objectsounds.sources.download import FetchError, fetch_section
from objectsounds.sources.unavailable import FETCH_REASONS, classify
from tests.media_server import MediaServer
from tests.own_time import beep_times, ffmpeg_in, make_base, make_broadcast, own_times

SECONDS, RATE = 20, 48000
TONES = f"aevalsrc='0.5*sin(2*PI*(300+100*floor(t))*t)':s={RATE}:d={SECONDS}"
GREYS = f"color=black:size=160x120:rate=10:duration={SECONDS},geq=lum='20+10*floor(T)':cb=128:cr=128"


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """A folder with one video in several containers; each second has its tone and its grey."""
    folder = tmp_path_factory.mktemp("media")
    picture = ffmpeg.input(f"{GREYS},noise=alls=20:allf=t", format="lavfi")
    sound = ffmpeg.input(TONES, format="lavfi")
    common = {"g": 50, "keyint_min": 50, "sc_threshold": 0, "pix_fmt": "yuv420p", "threads": 2}
    codecs = {"vcodec": "libx264", "preset": "veryfast", "acodec": "aac", "movflags": "+faststart"}
    path = folder / "steps.mp4"
    run_ffmpeg(ffmpeg.output(picture, sound, local_file(path), **codecs, **common))
    steps = ffmpeg.input(local_file(path))
    run_ffmpeg(steps.output(local_file(folder / "steps.mkv"), vcodec="copy", acodec="libopus"))
    fast = {"vcodec": "libvpx", "acodec": "libvorbis", "deadline": "realtime", "cpu-used": 8, "b:v": "200k"}
    run_ffmpeg(steps.output(local_file(folder / "steps.webm"), **fast, **common))
    hls = {"f": "hls", "hls_time": 5, "hls_playlist_type": "vod", "hls_segment_type": "fmp4", "c": "copy"}
    apart = {"var_stream_map": "a:0,agroup:x v:0,agroup:x", "master_pl_name": "steps.m3u8"}
    run_ffmpeg(ffmpeg.output(steps.video, steps.audio, str(folder / "part_%v.m3u8"), **hls, **apart))
    return folder


@pytest.fixture
def server(media):
    with MediaServer(media) as running:
        yield running


@pytest.fixture(autouse=True)
def no_proxy_of_the_environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def get(server, tmp_path):
    """Return a function that fetches a section of ``steps`` into the cache."""

    def run(media_id="steps", start=7.0, end=12.0, suffix="mp4", folder=tmp_path / "cache", **changed):
        options = {"url": f"{server.url}/{{media_id}}.{suffix}", "format": "bv*+ba/b", "attempts": 2}
        options |= {"backoff_seconds": 0.05, "timeout": 30, "max_mb": 100}
        options |= dict.fromkeys(("cookies", "proxy", "rate_limit")) | {"sections": True}
        return fetch_section(media_id, start, end, folder, options | changed)

    return run


def files_of(cache):
    """All that lies in the cache, partial files too, but for the empty folder of partial files."""
    return [path for path in cache.rglob("*") if path.name != ".partial"] if cache.exists() else []


def wait_until_nobody_reads(server):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not any(server.url in " ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])):
            return
        time.sleep(0.05)
    raise AssertionError("a process that reads from the server is still alive")


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm", "m3u8"])
def test_sound_and_picture_begin_where_the_section_begins(get, tmp_path, suffix):
    path = get(suffix=suffix)
    assert path == tmp_path / "cache" / "steps_7000_12000.mkv" and files_of(tmp_path / "cache") == [path]
    waveform = decode_mono(path, RATE, 30, seconds=5).waveform
    assert len(waveform) == pytest.approx(5 * RATE, abs=0.1 * RATE)
    for second in range(5):
        for begin in (second + 0.1, second + 0.85):  # so that a shift by more than 0.1 s changes the tone
            piece = waveform[round(begin * RATE) :][: RATE // 20] * np.hanning(RATE // 20)
            tone = np.abs(np.fft.rfft(piece, RATE)).argmax()
            assert tone == pytest.approx(1000 + 100 * second, abs=15), begin
    times = [0.1, 0.8, 1.2, 1.8, 2.2, 3.8, 4.2, 4.8]
    greys = [frame.mean() for frame in read_frames(path, times, 160).frames]
    light = [(20 + 10 * (7 + second) - 16) * 255 / 219 for second in (0, 0, 1, 1, 2, 3, 4, 4)]
    assert greys == pytest.approx(light, abs=4)


def odd_media(media):
    """Make media that tell their own time: a sound that begins late, a gap, a change of channels."""
    if not (media / "tv.ts").exists():
        make_base(media)
        h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
        late = "-i base.mkv -itsoffset 3 -i base.mkv -map 0:v -map 1:a -t 8"
        ffmpeg_in(media, f"{late} {h264} -c:a aac -movflags +faststart late.mp4")
        gap = f"-i base.mkv -af aselect='lt(t,3)+gte(t,5)' {h264} -c:a aac -movflags +faststart gap.mp4"
        ffmpeg_in(media, *gap.split())
        make_broadcast(media / "tv.ts")


@pytest.mark.parametrize(
    ("name", "start", "beeps"),
    [
        ("late.mp4", 1, {0: 2, 1: 3, 2: 4, 3: 5, 4: 6}),
        ("late.mp4", 0, {0: 3, 1: 4, 2: 5, 3: 6, 4: 7}),
        ("gap.mp4", 2, {2: 0, 5: 3, 6: 4, 7: 5}),
        ("tv.ts", 2, {2: 0, 3: 1, 4: 2, 5: 3, 6: 4, 7: 5}),
    ],
)
def test_what_is_missing_in_a_section_moves_nothing(get, media, name, start, beeps):
    odd_media(media)
    stem, _, suffix = name.partition(".")
    path = get(stem, start=start, end=8, suffix=suffix)
    found = beep_times(decode_mono(path, RATE, 30, seconds=8 - start).waveform, RATE)
    assert found.keys() == beeps.keys()
    assert all(abs(found[k] - time) < 0.035 for k, time in beeps.items()), found  # AC-3 frames last 32 ms
    times = [0.5 + index for index in range(7 - start)]
    if name != "tv.ts":
        shown = own_times(read_frames(path, times, 160).frames)
        np.testing.assert_allclose(shown, np.array(times) + start, atol=0.1)


def test_a_section_that_is_there_is_not_asked_for_again(get, server):
    first = get()
    asked = len(server.requests)
    assert get() == first and len(server.requests) == asked


def test_a_limited_rate_gets_the_whole_medium_as_it_is(get, media, tmp_path, server):
    size = (media / "steps.mp4").stat().st_size
    begun = time.monotonic()
    path = get(rate_limit=size // 2)
    assert time.monotonic() - begun > 1
    assert path == tmp_path / "cache" / "steps.mp4"
    assert path.read_bytes() == (media / "steps.mp4").read_bytes() and files_of(tmp_path / "cache") == [path]
    asked = len(server.requests)
    assert get(start=1, end=3, rate_limit=size // 2) == path and len(server.requests) == asked


def test_without_sections_the_whole_medium_is_taken(get, media, tmp_path):
    path = get(sections=False)
    assert path == tmp_path / "cache" / "steps.mp4"
    assert path.read_bytes() == (media / "steps.mp4").read_bytes()


def test_a_medium_that_ends_before_the_section_does_is_good(get):
    waveform = decode_mono(get(start=15, end=25), RATE, 30, seconds=10).waveform
    assert len(waveform) == pytest.approx(5 * RATE, abs=0.1 * RATE)


def test_a_medium_that_ends_before_the_section_begins_is_unavailable(get, tmp_path):
    with pytest.raises(FetchError, match="no sound or picture") as caught:
        get(start=30, end=40, attempts=1)
    assert caught.value.reason == "unavailable" and not files_of(tmp_path / "cache")


def test_an_id_is_never_run_nor_taken_for_an_option_nor_for_a_template(get, media, server, tmp_path):
    name = "-i; $(touch ran) %(id)s {0} 'x' &\""
    (media / f"{name}.mp4").write_bytes((media / "steps.mp4").read_bytes())
    path = get(name, url=f"{server.url}/{{media_id}}.mp4?x={{0}}")
    assert (
        path.name == f"{name}_7000_12000.mkv"
        and len(decode_mono(path, RATE, 30, seconds=5).waveform) == 5 * RATE
    )
    assert {request.path for request in server.requests} == {f"{name}.mp4"}
    assert files_of(tmp_path) == [tmp_path / "cache", path]


REFUSALS = [(403, "forbidden"), (404, "removed"), (429, "rate_limited"), (500, "network")]


@pytest.mark.parametrize(("status", "allowed", "made"), [(403, 3, 2), (404, 3, 1), (429, 2, 2), (500, 2, 2)])
def test_a_refusal_has_its_reason_and_its_number_of_attempts(get, server, tmp_path, status, allowed, made):
    server.behave("steps.mp4", status=status)
    with pytest.raises(FetchError, match=str(status)) as caught:
        get(attempts=allowed)
    assert caught.value.reason == dict(REFUSALS)[status]
    assert [request.status for request in server.requests] == [status] * made
    assert not files_of(tmp_path / "cache")


@pytest.mark.parametrize(("status", "reason"), REFUSALS)
def test_a_refusal_that_only_ffmpeg_meets_has_its_reason(get, server, tmp_path, status, reason):
    server.behave("steps.mp4", status=status, after=1)
    with pytest.raises(FetchError, match=f"^{reason}: HTTP error {status}") as caught:
        get(attempts=1)
    assert caught.value.reason == reason and not files_of(tmp_path / "cache")


def test_too_many_requests_are_waited_for_as_long_as_the_server_asks(get, server):
    server.behave("steps.mp4", status=429, first=1, headers={"Retry-After": "1"})
    begun = time.monotonic()
    assert get().exists() and time.monotonic() - begun > 1


@pytest.mark.parametrize(
    ("suffix", "name", "options"),
    [
        ("mp4", "steps.mp4", {}),
        ("mkv", "steps.mkv", {}),
        ("webm", "steps.webm", {}),
        ("m3u8", "part_11.m4s", {}),
        ("mp4", "steps.mp4", {"rate_limit": 10**9}),
        ("m3u8", "part_11.m4s", {"rate_limit": 10**9}),
    ],
)
def test_a_body_that_the_network_cut_short_is_no_file(get, server, media, tmp_path, suffix, name, options):
    place = 0.5 if name.startswith("part") else 0.42  # a cut within the section
    server.behave(name, cut=round((media / name).stat().st_size * place))
    with pytest.raises(FetchError) as caught:
        get(suffix=suffix, attempts=1, **options)
    assert caught.value.reason == "network" and not files_of(tmp_path / "cache")


def test_a_body_that_was_cut_short_once_is_whole_in_the_end(get, server, media, tmp_path):
    whole = decode_mono(get(), RATE, 30, seconds=5).waveform
    server.behave("steps.mp4", cut=round((media / "steps.mp4").stat().st_size * 0.42), after=1, first=2)
    again = decode_mono(get(folder=tmp_path / "again", attempts=3), RATE, 30, seconds=5).waveform
    assert len(again) == 5 * RATE and np.array_equal(again, whole)


@pytest.fixture
def patience(get, server, tmp_path):
    """How long to wait for a stalled download, in s: a busy machine needs longer for one that goes well."""
    begun = time.monotonic()
    get(folder=tmp_path / "whole", timeout=300)
    server.requests.clear()
    return max(2, round(3 * (time.monotonic() - begun)))


@pytest.mark.parametrize("rate_limit", [None, 10**9])
def test_a_stall_is_a_timeout_and_leaves_no_process(get, server, media, tmp_path, rate_limit, patience):
    server.behave("steps.mp4", stall=round((media / "steps.mp4").stat().st_size * 0.42), after=1)
    begun = time.monotonic()
    with pytest.raises(FetchError) as caught:
        get(timeout=patience, attempts=1, rate_limit=rate_limit)
    assert caught.value.reason == "timeout" and time.monotonic() - begun < 5 * patience
    assert not files_of(tmp_path / "cache")
    wait_until_nobody_reads(server)


def test_a_timeout_is_tried_once_more(get, server, patience):
    server.behave("steps.mp4", stall=0)
    with pytest.raises(FetchError, match="timeout"):
        get(timeout=patience, attempts=4)
    assert [request.status for request in server.requests] == [200, 206] * 2


def test_a_refused_connection_is_of_the_network(get):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        with pytest.raises(FetchError, match="refused") as caught:
            get(url=f"http://127.0.0.1:{taken.getsockname()[1]}/{{media_id}}.mp4")
    assert caught.value.reason == "network"


@pytest.mark.parametrize("name", ["page.html", "page.mp4"])
def test_a_page_in_place_of_a_video_is_unavailable(get, media, tmp_path, name):
    (media / name).write_text("<!DOCTYPE html><title>Nothing</title><p>There is no video here.</p>" * 9)
    with pytest.raises(FetchError) as caught:
        get("page", suffix=name.split(".")[1], attempts=1)
    assert caught.value.reason == "unavailable" and not files_of(tmp_path / "cache")


def test_a_killed_job_leaves_no_file_and_no_process(server, tmp_path):
    server.behave("steps.mp4", slow=0.2)
    cache = tmp_path / "cache"
    options = {"url": f"{server.url}/{{media_id}}.mp4", "format": "b", "attempts": 1, "backoff_seconds": 0}
    options |= {"timeout": 60, "cookies": None, "proxy": None, "rate_limit": None, "sections": True}
    options["max_mb"] = 100
    code = "from objectsounds.sources.download import *; "
    code += f"fetch_section('steps', 7, 12, {str(cache)!r}, {options!r})"
    job = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 120
    while len(server.requests) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    job.kill()
    assert job.wait() == -signal.SIGKILL
    wait_until_nobody_reads(server)
    assert [path.name for path in cache.iterdir()] == [".partial"]


def test_what_killed_jobs_left_is_removed_after_a_day(get, tmp_path):
    old, new = tmp_path / "cache" / ".partial" / "old.1.x", tmp_path / "cache" / ".partial" / "new.2.x"
    for folder, age in ((old, 25), (new, 23)):
        folder.mkdir(parents=True)
        (folder / "medium.mp4.part").write_bytes(b"cut")
        os.utime(folder, (time.time() - age * 3600,) * 2)
    get()
    assert not old.exists() and new.exists()


@pytest.mark.parametrize(("rate_limit", "carriers"), [(None, 1), (10**9, 2)])
def test_cookies_are_sent_and_their_file_is_left_alone(get, server, tmp_path, rate_limit, carriers):
    # ffmpeg compares a cookie's domain with "host:port", so that none reaches it from a port of its own
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tlogin\tsecret\n")
    before = cookies.read_bytes(), cookies.stat().st_mtime_ns
    server.behave("steps.mp4", headers={"Set-Cookie": "fresh=1; Path=/; Max-Age=9999"})
    get(cookies=str(cookies), rate_limit=rate_limit)
    sent = [request.headers["Cookie"] or "" for request in server.requests]
    assert ["login=secret" in cookie for cookie in sent[:carriers]] == [True] * carriers
    assert (cookies.read_bytes(), cookies.stat().st_mtime_ns) == before
    assert b"secret" not in b"".join(path.read_bytes() for path in files_of(tmp_path / "cache"))


@pytest.mark.parametrize("line", ["127.0.0.1\tFALSE\t/\tFALSE\tnever\tlogin\tsecret", "login secret-secret"])
def test_a_cookie_is_in_no_error_and_no_log(get, server, tmp_path, caplog, line):
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(f"# Netscape HTTP Cookie File\n{line}\n")
    caplog.set_level("DEBUG")
    server.behave("steps.mp4", status=403)
    with pytest.raises(ObjectsoundsError) as caught:
        get(cookies=str(cookies))
    assert "secret" not in str(caught.value) and "secret" not in caplog.text


@pytest.mark.parametrize("rate_limit", [None, 10**9])
def test_a_file_that_is_too_large_is_not_taken_and_not_asked_for_again(
    get, server, media, tmp_path, rate_limit
):
    large = media / "large.mp4"
    large.write_bytes((media / "steps.mp4").read_bytes() + b"\0" * 2_000_000)
    loud = {"start": 0.0, "end": 20.0, "max_mb": 1, "attempts": 3}
    with pytest.raises(FetchError) as caught:
        get("large", rate_limit=rate_limit, **loud)
    assert caught.value.reason == "too_large" and "max_mb" in str(caught.value)
    assert not files_of(tmp_path / "cache")


@pytest.mark.parametrize("sections", [True, False])
def test_a_playlist_that_names_a_file_of_this_machine_does_not_get_it(get, media, tmp_path, sections):
    secret = tmp_path / "secret.ts"
    run_ffmpeg(ffmpeg.input(local_file(media / "steps.mp4")).output(local_file(secret), c="copy"))
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:20", "#EXTINF:20,", f"file://{secret}", "#EXT-X-ENDLIST"]
    (media / "local.m3u8").write_text("\n".join(lines))
    with pytest.raises(FetchError):
        get("local", suffix="m3u8", sections=sections, attempts=1)
    assert not files_of(tmp_path / "cache")


@pytest.mark.parametrize("rate_limit", [None, 10**9])
def test_a_proxy_is_used_for_every_request(get, server, rate_limit, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    url = "http://media.invalid/{media_id}.mp4"
    assert get(url=url, proxy=server.url, rate_limit=rate_limit).exists()
    asked = {request.target.replace(":80/", "/") for request in server.requests}
    assert asked == {"http://media.invalid/steps.mp4"}


def test_a_proxy_that_ffmpeg_does_not_know_is_not_passed_by(get, server):
    with pytest.raises(FetchError) as caught:
        get(proxy="socks5://127.0.0.1:9", attempts=1)
    assert caught.value.reason == "network" and not server.requests


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": "[["}, "clips.download.format"),
        ({"cookies": "nowhere.txt"}, "nowhere.txt"),
        ({"cookies": __file__}, "cookies.txt in Netscape"),
        ({"media_id": "../steps"}, "slash"),
    ],
)
def test_a_wrong_setting_is_no_fault_of_the_medium(get, changed, message):
    with pytest.raises(ObjectsoundsError, match=message) as caught:
        get(**changed)
    assert not isinstance(caught.value, FetchError)


@pytest.mark.parametrize("rate_limit", [None, 10**9])
def test_a_full_disk_is_no_fault_of_the_medium(get, tmp_path, monkeypatch, rate_limit):
    make = fetch.tempfile.mkdtemp

    def make_full(**options):
        folder = make(**options)
        Path(folder, "medium.mp4.part").symlink_to("/dev/full")
        return folder

    monkeypatch.setattr(fetch.tempfile, "mkdtemp", make_full)
    with pytest.raises(ObjectsoundsError, match="free space there") as caught:
        get(rate_limit=rate_limit)
    assert not isinstance(caught.value, FetchError) and str(tmp_path / "cache") in str(caught.value)
    assert not files_of(tmp_path / "cache")


def test_a_folder_that_cannot_be_written_is_no_fault_of_the_medium(get, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ObjectsoundsError, match=r"cannot be written to .*file/cache") as caught:
        get(folder=tmp_path / "file" / "cache")
    assert not isinstance(caught.value, FetchError)


SIGN_IN = (
    " Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp"
)
SAID = [
    ("Private video. Sign in if you've been granted access to this video." + SIGN_IN, "private"),
    ("This video is private", "private"),
    ("Sign in to confirm your age. This video may be inappropriate for some users.", "age_restricted"),
    ("This video is age-restricted; some formats may be missing", "age_restricted"),
    ("Sign in to confirm you’re not a bot." + SIGN_IN, "rate_limited"),
    ("Sign in to confirm you're not a bot." + SIGN_IN, "rate_limited"),
    ("Video unavailable. This content isn't available, try again later. The current session has been "
     "rate-limited by YouTube for up to an hour.", "rate_limited"),
    ("Something went wrong. YouTube is requiring a captcha challenge before playback", "rate_limited"),
    ("All player responses are invalid. Your IP is likely being blocked by Youtube", "rate_limited"),
    ("Unable to download API page: HTTP Error 429: Too Many Requests", "rate_limited"),
    ("HTTP error 429 Too Many Requests", "rate_limited"),
    ("Join this channel to get access to members-only content like this video.", "members_only"),
    ("This video is available to this channel's members on level: Fan (or any higher).", "members_only"),
    ("This video requires payment to watch", "members_only"),
    ("This video is only available to Music Premium members", "members_only"),
    ("This video is only available for registered users." + SIGN_IN, "members_only"),
    ("Please sign in." + SIGN_IN, "members_only"),
    ("The uploader has not made this video available in your country\nYou might want to use a VPN or a proxy "
     "server (with --proxy) to bypass.", "geo_blocked"),
    ("Video unavailable. This video contains content from SME, who has blocked it in your country on "
     "copyright grounds", "geo_blocked"),
    ("This video is not available from your location due to geo restriction", "geo_blocked"),
    ("This video contains content from UMG, who has blocked it on copyright grounds", "removed"),
    ("Video unavailable. This video is no longer available due to a copyright claim by Toho", "removed"),
    ("Video unavailable. This video has been removed by the uploader", "removed"),
    ("This video has been removed for violating YouTube's Terms of Service", "removed"),
    ("Video unavailable. This video is no longer available because the YouTube account associated with this "
     "video has been terminated.", "removed"),
    ("This video is no longer available because the uploader has closed their YouTube account.", "removed"),
    ("Unable to download webpage: HTTP Error 410: Gone", "removed"),
    ("Server returned 404 Not Found", "removed"),
    ("unable to download video data: HTTP Error 403: Forbidden", "forbidden"),
    ("Server returned 403 Forbidden (access denied)", "forbidden"),
    ("Server returned 401 Unauthorized (authorization failed)", "forbidden"),
    ("Unable to download webpage: The read operation timed out", "timeout"),
    ("HTTPSConnection(host='rr1.googlevideo.com', port=443): Read timed out. (read timeout=20.0)", "timeout"),
    ("Connection to tcp://10.0.0.1:443 failed: Connection timed out", "timeout"),
    ("Failed to resolve 'www.youtube.com' ([Errno -3] Temporary failure in name resolution)", "network"),
    ("Failed to resolve hostname nowhere.invalid: Name or service not known", "network"),
    ("[Errno 101] Network is unreachable", "network"),
    ("('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))", "network"),
    ("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol", "network"),
    ("1048576 bytes read, 7340032 more expected", "network"),
    ("Did not get any data blocks", "network"),
    ("unable to download video data: HTTP Error 503: Service Unavailable", "network"),
    ("Server returned 5XX Server Error reply", "network"),
    ("Stream ends prematurely at 726686, should be 1453277", "network"),
    ("stream 1, offset 0xb1b74: partial file", "network"),
    ("Failed to open segment 2 of playlist 0", "network"),
    ("unable to write data: [Errno 27] File too large", "too_large"),
    ("Video unavailable", "unavailable"),
    ("Video unavailable. This video is not available", "unavailable"),
    ("Premieres in 3 hours", "unavailable"),
    ("This live event will begin in 2 days.", "unavailable"),
    ("This live stream recording is not available.", "unavailable"),
    ("Requested format is not available. Use --list-formats for a list of available formats", "unavailable"),
    ("This video is DRM protected", "unavailable"),
    ("Unsupported URL: http://127.0.0.1/page.html", "unavailable"),
    ("Error opening input: Invalid data found when processing input", "unavailable"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), SAID)
def test_what_yt_dlp_and_ffmpeg_say_has_a_reason(text, reason):
    assert classify(f"ERROR: [youtube] dQw4w9WgXcQ: {text}") == reason


def test_every_reason_is_given_by_some_text():
    assert {reason for _, reason in SAID} == set(FETCH_REASONS)


def test_the_last_line_of_a_clip_is_remembered(tmp_path, caplog):
    unavailable.remember(tmp_path / "new", "-a_0", "-a", "network", "no\tway\nout")
    unavailable.remember(tmp_path / "new", "b_0", "b", "removed", "gone")
    unavailable.remember(tmp_path / "new", "-a_0", "-a", "private", "of \x85 somebody")
    found = unavailable.known(tmp_path / "new")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert found["-a_0"] == {
        **{"clip_id": "-a_0", "media_id": "-a", "reason": "private", "detail": "of \x85 somebody"},
        "date": today,
    }
    assert list(found) == ["-a_0", "b_0"] and not caplog.records
    lines = (tmp_path / "new" / "unavailable.tsv").read_text().split("\n")
    assert lines[:2] == ["clip_id\tmedia_id\treason\tdate\tdetail", f"-a_0\t-a\tnetwork\t{today}\tno way out"]


def test_nothing_is_remembered_of_a_folder_that_is_not_there(tmp_path):
    assert unavailable.known(tmp_path / "new") == {} and unavailable.forget(tmp_path / "new", ["a"]) == 0
    assert not (tmp_path / "new").exists()


def test_a_cut_line_harms_no_other_line(tmp_path, caplog):
    unavailable.remember(tmp_path, "a_0", "a", "removed", "gone")
    table = tmp_path / "unavailable.tsv"
    table.write_text(table.read_text() + "b_0\tb\tremo")
    unavailable.remember(tmp_path, "c_0", "c", "removed", "gone")
    assert list(unavailable.known(tmp_path)) == ["a_0", "c_0"]
    assert [record.message for record in caplog.records] == [
        f"{table}: 1 malformed lines are passed over; delete them."
    ]


def test_what_is_forgotten_is_not_known_and_the_rest_is(tmp_path):
    for clip in ("a", "b", "a", "c"):
        unavailable.remember(tmp_path, clip, clip, "network", "no")
    assert unavailable.forget(tmp_path, ["a", "c", "never"]) == 2
    unavailable.remember(tmp_path, "d", "d", "network", "no")
    assert list(unavailable.known(tmp_path)) == ["b", "d"]


def _write(folder, job):
    for index in range(40):
        unavailable.remember(folder, f"{job}_{index}", str(job), "network", "x" * 300)
        if index % 10 == 9:
            unavailable.forget(folder, [f"{job}_{index}"])


def test_jobs_that_write_at_once_lose_no_line(tmp_path, caplog):
    jobs = [multiprocessing.get_context("spawn").Process(target=_write, args=(tmp_path, j)) for j in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    wanted = {f"{job}_{index}" for job in range(4) for index in range(40) if index % 10 != 9}
    assert set(unavailable.known(tmp_path)) == wanted and not caplog.records
