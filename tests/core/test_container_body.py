"""What an engine is sent to create a container."""

from vibenv_core.container_body import create_body
from vibenv_core.model import ContainerSpec, VolumeMount


def test_what_a_container_is_made_from_reaches_the_engine() -> None:
    spec = ContainerSpec(
        name="vibenv-a",
        image="i:1",
        labels={"k": "v"},
        entrypoint=("sh", "-c", "x"),
        env={"A": "1"},
        user="nobody",
        binds=("/a:/b",),
        volumes=(VolumeMount(volume="v", destination="/v", labels={"k": "v"}),),
        volumes_from=("holder:ro",),
        tmpfs={"/tmp": "mode=1777"},
        read_only=True,
        cap_drop=("NET_RAW",),
        security_opt=("no-new-privileges",),
        log_driver="local",
        log_options={"max-size": "1m"},
        oom_score_adj=500,
        cpu_shares=512,
        pids_limit=100,
        ports={"5000/tcp": "127.0.0.1:5000"},
        network="container:registry",
        hostname="a",
        init=True,
        privileged=True,
        cpus=0.5,
        memory=1024,
    )
    assert create_body(spec) == {
        "Image": "i:1",
        "Entrypoint": ["sh", "-c", "x"],
        "User": "nobody",
        "Labels": {"k": "v"},
        "Env": ["A=1"],
        "Hostname": "a",
        "ExposedPorts": {"5000/tcp": {}},
        "HostConfig": {
            "Binds": ["/a:/b"],
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": "v",
                    "Target": "/v",
                    "ReadOnly": False,
                    "VolumeOptions": {"Labels": {"k": "v"}},
                }
            ],
            "VolumesFrom": ["holder:ro"],
            "Tmpfs": {"/tmp": "mode=1777"},
            "ReadonlyRootfs": True,
            "LogConfig": {"Type": "local", "Config": {"max-size": "1m"}},
            "Init": True,
            "CapDrop": ["NET_RAW"],
            "SecurityOpt": ["no-new-privileges"],
            "NanoCpus": 500_000_000,
            "CpuShares": 512,
            "Memory": 1024,
            "MemorySwap": 1024,
            "OomScoreAdj": 500,
            "PidsLimit": 100,
            "NetworkMode": "container:registry",
            "PortBindings": {"5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5000"}]},
            "Privileged": True,
        },
    }


def test_an_image_keeps_its_own_entry_point_and_user_unless_one_is_given() -> None:
    body = create_body(ContainerSpec(name="n", image="i", labels={}))
    assert not {"Entrypoint", "User"} & body.keys()
