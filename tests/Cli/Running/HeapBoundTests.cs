using FitCluster.Cli.Running;
using Xunit;

namespace FitCluster.Cli.Tests.Running;

public sealed class HeapBoundTests
{
    [Fact]
    public void Dead_arrays_of_many_rounds_are_swept_and_living_ones_are_not()
    {
        const int Rounds = 40, Length = 1 << 20;
        var bound = new HeapBound();
        var living = new double[Length];
        living[^1] = 1;
        var most = 0L;
        for (var round = 0; round < Rounds; round++)
        {
            // 8 MB a round, 320 MB in all, of which 8 live.
            new double[Length][^1] = round;
            bound.AfterRound();
            most = long.Max(most, GC.GetTotalMemory(forceFullCollection: false));
        }

        bound.AfterRounds();
        Assert.Equal(1, living[^1]);
        Assert.InRange(most, 0, GC.GetTotalMemory(forceFullCollection: true) + (160L << 20));
    }
}
