using Xunit;

namespace FitCluster.Data.Tests;

public sealed class ShardPlanTests
{
    [Theory]
    [InlineData(1000, 0, 1)]
    [InlineData(1000, 32_767, 1)]
    [InlineData(1000, 65_536, 1)]
    [InlineData(1000, 98_304, 2)]
    [InlineData(1000, 565_063, 9)]
    [InlineData(3, 565_063, 3)]
    [InlineData(100_000, 1L << 26, 16)]
    [InlineData(100_000, (1L << 26) + 1, 17)]
    [InlineData(100_000, 100_000_000, 24)]
    [InlineData(100_000_000, 1L << 40, 4096)]
    [InlineData(500, 1L << 40, 500)]
    public void The_default_number_depends_on_the_size_alone(long rows, long stored, int expected) =>
        Assert.Equal(expected, ShardPlan.DefaultCount(rows, stored));

    [Fact]
    public void Shards_cover_the_rows_in_order_and_are_balanced()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            long[] counts =
                [.. Enumerable.Range(0, random.Next(1, 200)).Select(_ => random.Next(4) == 0 ? 0L : random.Next(random.Next(1, 5000)))];
            var shards = random.Next(1, counts.Length + 1);
            var plan = ShardPlan.Create(counts, shards);
            Assert.Equal(plan, ShardPlan.Create(counts, shards));
            Assert.Equal(shards, plan.Count);
            var next = 0L;
            foreach (var shard in plan)
            {
                Assert.Equal(next, shard.First);
                Assert.True(shard.Count >= 1, $"seed {seed}");
                Assert.Equal(counts.Skip((int)shard.First).Take(shard.Count).Sum(), shard.StoredCount);
                Assert.True(shard.StoredCount <= (counts.Sum() / shards) + counts.Max() + 1, $"seed {seed}: {shard}");
                next += shard.Count;
            }

            Assert.Equal(counts.Length, next);
        }
    }

    [Fact]
    public void Nothing_stored_is_balanced_by_rows() =>
        Assert.Equal([3, 3, 3, 3], ShardPlan.Create(new long[12], 4).Select(s => s.Count));

    [Fact]
    public void More_shards_than_rows_are_refused() =>
        Assert.Contains("1 to 3", Assert.Throws<DataException>(() => ShardPlan.Create(new long[3], 4)).Message, StringComparison.Ordinal);
}
