using FitCluster.Cli.Cluster;
using Xunit;

namespace FitCluster.Cli.Tests.Cluster;

public sealed class ChildEndTests
{
    [Theory]
    [InlineData(1, null, null, "exit code 1")]
    [InlineData(1, 3L, 3L, "exit code 1")]
    [InlineData(137, null, null, "killed by signal 9 (SIGKILL), exit code 137")]
    [InlineData(
        137, 3L, 3L, "killed by signal 9 (SIGKILL), exit code 137; not by the kernel for memory, as far as its control group tells")]
    [InlineData(137, 3L, 4L,
        "killed by signal 9 (SIGKILL), exit code 137; the kernel killed 1 of its control group's processes for memory meanwhile")]
    [InlineData(134, null, null, "killed by signal 6 (SIGABRT), exit code 134")]
    [InlineData(163, null, null, "killed by signal 35, exit code 163")]
    public void The_end_of_a_child_is_put_into_words(int code, long? before, long? after, string words) =>
    Assert.Equal(words, ChildEnd.Words(code, before, after));
}
