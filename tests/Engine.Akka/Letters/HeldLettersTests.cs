using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>Letters that wait until it is known where they go.</summary>
public sealed class HeldLettersTests
{
    private static readonly ActorAddress A = new("shard", "a");
    private static readonly ActorAddress B = new("shard", "b");

    private TimeSpan _now;

    private static Letter Of(ActorAddress to, int bytes = 1000) => new(to, null, "", new byte[bytes]);

    [Fact]
    public void Each_letter_is_kept_for_ten_seconds_of_its_own_and_given_once()
    {
        var held = new HeldLetters(() => _now);
        held.Add(Of(A));
        _now = TimeSpan.FromSeconds(9);
        Assert.Single(held.Take(A));
        Assert.Empty(held.Take(A));
        held.Add(Of(A));
        _now = TimeSpan.FromSeconds(11);
        // The first one's time is over, not this one's.
        held.Add(Of(B));
        Assert.Single(held.Take(A));
        _now = TimeSpan.FromSeconds(22);
        Assert.Empty(held.Take(B));
    }

    [Fact]
    public void What_is_kept_has_a_bound_and_is_let_go_without_another_letter()
    {
        var held = new HeldLetters(() => _now);
        var big = new byte[64 << 20];
        var kept = Enumerable.Range(0, 20).Count(_ => held.Add(new Letter(A, null, "", big)));
        Assert.Equal(8, kept);
        _now = TimeSpan.FromSeconds(11);
        held.Take(B);
        Assert.Equal(0, held.Bytes);
        Assert.True(held.Add(Of(A)));
    }
}
