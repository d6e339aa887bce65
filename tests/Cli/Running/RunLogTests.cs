using FitCluster.Models.Results;
using Xunit;

namespace FitCluster.Cli.Tests.Running;

public sealed class RunLogTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public void What_was_noted_survives_a_process_and_a_line_cut_short_is_passed_over()
    {
        using (var log = new RunLog(_scratch.At("run.log")))
        {
            log.Round(1, 0.5);
            log.Round(2, 1);
            log.Event("shard 1 was lost\nand loaded again");
            log.Checkpoint(2, 100);
        }

        File.AppendAllText(_scratch.At("run.log"), "R\t3");
        using var again = new RunLog(_scratch.At("run.log"));
        again.Round(2, 1.25);
        Assert.Equal(new Dictionary<long, double> { [1] = 0.5, [2] = 1.25 }, again.Seconds);
        Assert.Equal(["shard 1 was lost and loaded again"], again.Events);
        Assert.Equal((1, 2L), (again.Checkpoints, again.LastCheckpoint));
    }

    public void Dispose() => _scratch.Dispose();
}
