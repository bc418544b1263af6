"""What a Docker engine is sent to create a container; pure.

Source: Engine API v1.41, POST /containers/create.
"""

from __future__ import annotations

from .model import ContainerSpec, VolumeMount

NANO = 1_000_000_000
"""Docker counts processors in billionths of one."""


def create_body(spec: ContainerSpec) -> dict[str, object]:
    """What the engine is sent to create a container."""
    return {
        "Image": spec.image,
        **({} if spec.entrypoint is None else {"Entrypoint": list(spec.entrypoint)}),
        **({} if spec.user is None else {"User": spec.user}),
        "Labels": spec.labels,
        "Env": [f"{key}={value}" for key, value in spec.env.items()],
        "Hostname": spec.hostname or "",
        "ExposedPorts": {port: {} for port in spec.ports},
        "HostConfig": {
            "Binds": list(spec.binds),
            "Mounts": [_mount(volume) for volume in spec.volumes],
            "VolumesFrom": list(spec.volumes_from),
            "Tmpfs": spec.tmpfs,
            "ReadonlyRootfs": spec.read_only,
            "LogConfig": {"Type": spec.log_driver or "", "Config": spec.log_options},
            "Init": spec.init,
            "CapDrop": list(spec.cap_drop),
            "SecurityOpt": list(spec.security_opt),
            "NanoCpus": round((spec.cpus or 0) * NANO),
            "CpuShares": spec.cpu_shares or 0,
            "Memory": spec.memory or 0,
            "MemorySwap": spec.memory or 0,
            "OomScoreAdj": spec.oom_score_adj,
            "PidsLimit": spec.pids_limit,
            "NetworkMode": spec.network or "default",
            "PortBindings": {port: [_binding(address)] for port, address in spec.ports.items()},
            "Privileged": spec.privileged,
        },
    }


def _mount(volume: VolumeMount) -> dict[str, object]:
    return {
        "Type": "volume",
        "Source": volume.volume,
        "Target": volume.destination,
        "ReadOnly": volume.read_only,
        "VolumeOptions": {"Labels": volume.labels},
    }


def _binding(address: str) -> dict[str, str]:
    ip, _, port = address.rpartition(":")
    return {"HostIp": ip, "HostPort": port}
