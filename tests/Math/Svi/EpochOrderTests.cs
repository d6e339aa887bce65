using FitCluster.Math.Svi;
using Xunit;

namespace FitCluster.Math.Tests.Svi;

public sealed class EpochOrderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(127)]
    [InlineData(1000)]
    public void The_order_of_an_epoch_is_a_permutation_that_differs_between_epochs(int count)
    {
        var orders = Enumerable.Range(0, 2).Select(epoch =>
        {
            var order = new EpochOrder(7, (ulong)epoch, count);
            return Enumerable.Range(0, count).Select(p => order[p]).ToArray();
        }).ToArray();
        Assert.Equal(Enumerable.Range(0, count).Select(p => (long)p), orders[0].Order());
        Assert.Equal(Enumerable.Range(0, count).Select(p => (long)p), orders[1].Order());
        Assert.True(count < 100 || !orders[0].AsSpan().SequenceEqual(orders[1]));
    }

    [Theory]
    [InlineData(60, 60, 1)]
    [InlineData(60, 1000, 1)]
    [InlineData(60, 59, 2)]
    [InlineData(60, 7, 9)]
    public void Batches_have_every_position_once_and_stand_for_all(long rows, int size, long count)
    {
        var batches = new Batches(rows, size);
        Assert.Equal(count, batches.Count);
        var next = 0L;
        for (var b = 0L; b < count; b++)
        {
            var (first, last) = batches.Range(b);
            Assert.Equal(next, first);
            Assert.InRange(last - first, 1, size);
            Assert.Equal(rows, batches.Scale(b) * (last - first), 1e-12);
            next = last;
        }

        Assert.Equal(rows, next);
    }
}
