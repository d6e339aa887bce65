using Xunit;

namespace FitCluster.Node.Tests;

public sealed class NodeMemoryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fitcluster-node-").FullName + "/";

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_processs_own_control_group_is_asked_first()
    {
        File("proc/self/cgroup", "0::/mine\n");
        File("sys/fs/cgroup/mine/memory.events", "low 0\noom 7\noom_kill 2\n");
        File("sys/fs/cgroup/memory.events", "oom_kill 99\n");
        Assert.Equal(2, NodeMemory.KilledForMemory(_root));
    }

    [Fact]
    public void In_a_container_the_root_is_its_group()
    {
        File("proc/self/cgroup", "0::/not/to/be/seen\n");
        File("sys/fs/cgroup/memory.events", "oom_kill 3\n");
        Assert.Equal(3, NodeMemory.KilledForMemory(_root));
    }

    [Fact]
    public void Control_groups_1_are_asked_for_their_memory()
    {
        File("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/mine\n");
        File("sys/fs/cgroup/memory/mine/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
        Assert.Equal(1, NodeMemory.KilledForMemory(_root));
    }

    [Fact]
    public void Where_nothing_is_said_nothing_is_known() => Assert.Null(NodeMemory.KilledForMemory(_root));

    [Theory]
    [InlineData("sys/fs/cgroup/memory.max")]
    [InlineData("sys/fs/cgroup/memory/memory.limit_in_bytes")]
    public void The_limit_is_the_containers(string file)
    {
        File(file, "1000000\n");
        Assert.Equal(1_000_000, NodeMemory.ReadLimit(_root));
    }

    [Fact]
    public void Without_a_limit_it_is_the_machines_memory()
    {
        var machine = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Assert.Equal(machine, NodeMemory.ReadLimit(_root));
        File("sys/fs/cgroup/memory.max", "max\n");
        Assert.Equal(machine, NodeMemory.ReadLimit(_root));
    }

    private void File(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root + path)!);
        System.IO.File.WriteAllText(_root + path, text);
    }
}
