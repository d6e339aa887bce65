using FitCluster.Cli.Running;
using Xunit;

namespace FitCluster.Cli.Tests.Running;

public sealed class HeapBoundTests
{
    [Fact]
    public void Between_rounds_the_dead_are_swept_when_they_are_half_as_many_as_the_living()
    {
        // 8 MB a round, each of which lives for ten: the collector alone lets more of them lie dead than live.
        const int Lifetime = 10, Rounds = 100;
        var bound = new HeapBound();
        var (living, arrays, most) = (new Queue<object>(), new List<WeakReference>(), 0);
        for (var round = 0; round < Rounds; round++)
        {
            Allocate(living, arrays);
            if (living.Count > Lifetime)
            {
                living.Dequeue();
            }

            bound.AfterRound();
            most = int.Max(most, arrays.Count(a => a.IsAlive));
        }

        // Here 15, without it 34. Other tests of this process have living arrays too, which let more lie.
        Assert.InRange(most, Lifetime, 24);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Allocate(Queue<object> living, List<WeakReference> arrays)
    {
        living.Enqueue(new double[1 << 20]);
        arrays.Add(new WeakReference(living.Last()));
    }
}
