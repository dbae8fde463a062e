"""Opening a film that nobody vouches for.

FFmpeg opens more than files: playlists that name other files, pipes, devices, numbered pictures.
Here a film is a regular file in a container that holds the film itself, and nothing else.
"""

import stat
from pathlib import Path

import av
from av.container import InputContainer

from filmcolor.errors import InputError

# Demuxers that read one file and find the film in it. Not here: hls, dash, concat, imf, sdp, rtsp
# (they name other files or hosts), lavfi and devices, image2 and *_pipe (video/still.py), tty,
# subtitles and sound alone.
FILM_FORMATS = (
    "3dostr,4xm,amv,anm,apng,asf,asf_o,av1,avi,avs,avs2,avs3,bethsoftvid,bink,cavsvideo,cdxl,cine,"
    "dhav,dirac,dnxhd,dsicin,dv,dxa,ea,evc,film_cpk,filmstrip,flic,flv,gdv,gif,gxf,h261,h263,h264,"
    "hevc,hnm,idcin,ingenient,ipmovie,ipu,ivf,ivr,jv,kux,live_flv,lmlm4,lvf,lxf,m4v,matroska,webm,"
    "mgsts,mjpeg,mjpeg_2000,mlv,mm,moflex,mov,mp4,m4a,3gp,3g2,mj2,mpeg,mpegts,mpegvideo,mtv,mv,"
    "mvi,mxf,mxg,nc,nsv,nut,nuv,obu,ogg,paf,pmp,psxstr,pva,r3d,rl2,rm,roq,rpl,ser,siff,smjpeg,smk,"
    "smush,swf,thp,tiertexseq,tmv,ty,vc1,vc1test,vivo,vmd,vvc,wc3movie,wsvqa,wtv,xmv,yop,"
    "yuv4mpegpipe"
)


def open_film(path: Path) -> InputContainer:
    """Open the film at `path` for reading; the caller closes it.

    Raises InputError, naming the file, where it is missing, not a regular file, or not a film.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: not a regular file; filmcolor reads films from files")
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": FILM_FORMATS,
        "pattern_type": "none",
    }
    try:
        return av.open(
            f"file:{path.absolute()}", "r", container_options=options, metadata_errors="replace", timeout=None
        )
    except PermissionError as error:
        raise InputError(f"{path}: cannot be read: permission denied") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{path}: not a film, or too damaged to open ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    """The libraries' own words without the path: the message names the file already."""
    log = getattr(error, "log", None)
    if log:
        return f"{log[1]}: {log[2].strip()}"
    return getattr(error, "strerror", None) or type(error).__name__
