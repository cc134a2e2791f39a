"""A real Slurm of one node, of Debian's packages: as root, without systemd, every daemon started by hand.

``python -m tests.cluster.slurm FOLDER`` starts one and keeps it until it is interrupted.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
ACCOUNTING_PACKAGES = ("slurmdbd", "mariadb-server")
ETC = Path("/etc/slurm")
CONFIG = """\
ClusterName=test
SlurmctldHost={host}
SlurmUser=root
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MinJobAge=3600
KillWait=5
DefMemPerCPU=500
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
JobRequeue=1
{accounting}
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} MaxTime=INFINITE State=UP
"""
GRES = "NodeName={host} Name=gpu File=/dev/null\nNodeName={host} Name=gpu File=/dev/zero\n"
ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={port}
AccountingStoragePass={folder}/munge.socket
AccountingStorageTRES=gres/gpu
"""
SLURMDBD = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdPort={port}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageLoc=slurm_test
StorageUser=root
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
"""


class CannotError(Exception):
    """Why there can be no Slurm here, in a sentence."""


def install(packages: tuple[str, ...]) -> None:
    """Install Debian's packages unless they are there.

    Raises
    ------
    CannotError
        If they cannot be installed.
    """
    if os.geteuid() != 0:
        raise CannotError("starting Slurm's daemons needs root")
    if shutil.which("apt-get") is None:
        raise CannotError("there is no apt-get to install Debian's Slurm with")
    known = subprocess.run(["dpkg", "-s", *packages], capture_output=True, text=True, check=False)
    if known.returncode == 0:
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-q", *command], env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise CannotError(f"{', '.join(packages)} cannot be installed: {done.stderr.strip()[-200:]}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Slurm:
    """One node with two CPUs or more and two pretended GPUs.

    Parameters
    ----------
    folder : Path
        For sockets, state and logs.
    accounting : bool
        With slurmdbd on a MariaDB of its own, so that ``sacct`` answers.
    """

    def __init__(self, folder: Path, accounting: bool = False):
        self.folder, self.accounting = folder, accounting
        self.processes: list[subprocess.Popen] = []
        self.links: list[Path] = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self) -> None:
        """Start every daemon and wait until the node is idle.

        Raises
        ------
        CannotError
            If packages are missing, or this machine has a Slurm of its own.
        """
        install(PACKAGES + (ACCOUNTING_PACKAGES if self.accounting else ()))
        for name in ("slurm.conf", "gres.conf"):
            if (ETC / name).exists():
                raise CannotError(f"{ETC / name} is there: this machine has a Slurm of its own")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        for name in ("state", "spool"):
            (self.folder / name).mkdir(exist_ok=True)
        self._munge()
        accounting = self._database() if self.accounting else "AccountingStorageType=accounting_storage/none"
        self._write_config(accounting)
        self._daemon("slurmctld", "-D", "-c")
        self._daemon("slurmd", "-D", "-c")
        self._wait(lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T"), "the node to be idle")

    def _munge(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        sock = self.folder / "munge.socket"
        files = [f"--key-file={key}", f"--socket={sock}", f"--pid-file={self.folder}/munged.pid"]
        files += [f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/munged.seed"]
        self._daemon("munged", "--foreground", "--force", *files)
        self._wait(sock.exists, "munged")

    def _database(self) -> str:
        data, sock = self.folder / "mysql", self.folder / "mysql.socket"
        port, database_port = _free_ports(2)
        subprocess.run(
            ["mariadb-install-db", "--user=root", f"--datadir={data}", "--skip-test-db"],
            check=True,
            capture_output=True,
        )
        options = [f"--datadir={data}", f"--socket={sock}", "--user=root", "--bind-address=127.0.0.1"]
        options += ["--skip-grant-tables", f"--port={database_port}", f"--pid-file={self.folder}/mysql.pid"]
        self._daemon("mariadbd", "--no-defaults", *options)
        self._wait(sock.exists, "MariaDB")
        path = self.folder / "slurmdbd.conf"
        storage = f"StorageHost=127.0.0.1\nStoragePort={database_port}\n"
        path.write_text(SLURMDBD.format(folder=self.folder, port=port) + storage)
        path.chmod(0o600)
        self._link(path)
        self._daemon("slurmdbd", "-D")
        self._wait(lambda: "listening" in self._log("slurmdbd").lower() or self._listens(port), "slurmdbd")
        return ACCOUNTING.format(port=port, folder=self.folder)

    @staticmethod
    def _listens(port: int) -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    def _write_config(self, accounting: str) -> None:
        host = socket.gethostname().split(".")[0]
        values = {"host": host, "folder": self.folder, "ports": _free_ports(2), "cpus": os.cpu_count()}
        values |= {"memory": int(psutil.virtual_memory().total / 2**20 * 0.9), "accounting": accounting}
        for name, text in (("slurm.conf", CONFIG), ("gres.conf", GRES)):
            path = self.folder / name
            path.write_text(text.format(**values))
            self._link(path)

    def _link(self, path: Path) -> None:
        # The executor's job step drops SLURM_CONF, so the files have to be where Slurm looks for them.
        ETC.mkdir(exist_ok=True)
        link = ETC / path.name
        link.unlink(missing_ok=True)  # dangling, of a test that was killed
        link.symlink_to(path)
        self.links.append(link)

    def _log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _daemon(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.out").open("w") as out:
            path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
            process = subprocess.Popen([path, *arguments], stdout=out, stderr=subprocess.STDOUT)
        self.processes.append(process)

    def _wait(self, condition, what: str, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            dead = [process.args[0] for process in self.processes if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                logs = "".join(path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.out"))
                raise RuntimeError(f"waiting for {what}: {dead or 'too long'}\n{logs}")
            time.sleep(0.2)

    def ask(self, *command: str) -> str:
        """Return what one of Slurm's commands prints."""
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout

    def restart_controller(self, down: float) -> None:
        """Stop Slurm's controller, which keeps its state, and start it again after so many seconds."""
        number = next(i for i, one in enumerate(self.processes) if one.args[0].endswith("slurmctld"))
        old = self.processes.pop(number)
        old.terminate()
        old.wait(60)
        time.sleep(down)
        self._daemon("slurmctld", "-D")
        self._wait(lambda: "UP" in self.ask("scontrol", "ping"), "the controller to be back")

    def jobs(self, *options: str, form: str = "%i|%T|%k") -> list[list[str]]:
        """Return the jobs, also those that ended: number, state and comment, which names the rule."""
        lines = self.ask("squeue", "--states=all", "--noheader", f"--format={form}", *options).splitlines()
        return [line.split("|") for line in lines]

    def stop(self) -> None:
        """Cancel what runs, stop the daemons and take the links away."""
        if len(self.processes) >= 3:
            for job, state, _ in self.jobs():
                if state in ("PENDING", "RUNNING", "CONFIGURING"):
                    self.ask("scancel", job)
            self.wait_for_end()
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for link in self.links:
            link.unlink(missing_ok=True)

    def wait_for_end(self) -> None:
        """Wait until no job waits or runs, half a minute at most."""
        deadline = time.monotonic() + 30
        while self.jobs("--states=RUNNING,COMPLETING,PENDING") and time.monotonic() < deadline:
            time.sleep(0.5)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Slurm(Path(sys.argv[1]), accounting="--accounting" in sys.argv), suppress(KeyboardInterrupt):
        print("started", flush=True)
        signal.pause()
