using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>The table of transitions of the default optimizer.</summary>
public class ConjugateTransitionsTests
{
    private static readonly (ConjugatePhase Phase, ConjugateAnswer Answer, ConjugatePhase Next)[] s_all = [.. All()];

    [Fact]
    public void Every_phase_is_reached_and_all_but_the_last_can_be_left_for_the_end()
    {
        var reached = new HashSet<ConjugatePhase> { ConjugatePhase.Describe };
        for (var step = 0; step < s_all.Length; step++)
        {
            reached.UnionWith(s_all.Where(t => reached.Contains(t.Phase)).Select(t => t.Next));
        }

        Assert.Equal(Enum.GetValues<ConjugatePhase>().Order(), reached.Order());
        var ending = new HashSet<ConjugatePhase> { ConjugatePhase.Done };
        for (var step = 0; step < s_all.Length; step++)
        {
            ending.UnionWith(s_all.Where(t => ending.Contains(t.Next)).Select(t => t.Phase));
        }

        Assert.Equal(Enum.GetValues<ConjugatePhase>().Order(), ending.Order());
    }

    [Fact]
    public void Rows_are_always_followed_by_columns_and_nothing_follows_the_end()
    {
        Assert.Equal(ConjugatePhase.Columns, Assert.Single(s_all, t => t.Answer == ConjugateAnswer.RowsUpdated).Next);
        Assert.DoesNotContain(s_all, t => t.Phase == ConjugatePhase.Done);
        Assert.All(s_all.Where(t => t.Next == ConjugatePhase.Validate),
            t => Assert.True(t.Phase is ConjugatePhase.Sweep or ConjugatePhase.Columns or ConjugatePhase.Check or ConjugatePhase.Spread));
        Assert.All(s_all.Where(t => t.Next == ConjugatePhase.Check), t => Assert.Equal(ConjugatePhase.Columns, t.Phase));
    }

    [Fact]
    public void An_answer_that_a_phase_does_not_have_is_refused_by_name()
    {
        var words = Assert.Throws<InvalidOperationException>(
            () => ConjugateTransitions.Next(ConjugatePhase.Describe, ConjugateAnswer.Swept));
        Assert.Equal("phase Describe has no answer Swept", words.Message);
    }

    private static IEnumerable<(ConjugatePhase Phase, ConjugateAnswer Answer, ConjugatePhase Next)> All()
    {
        foreach (var phase in Enum.GetValues<ConjugatePhase>())
        {
            foreach (var answer in Enum.GetValues<ConjugateAnswer>())
            {
                ConjugatePhase? next = null;
                try
                {
                    next = ConjugateTransitions.Next(phase, answer);
                }
                catch (InvalidOperationException)
                {
                    continue;
                }

                yield return (phase, answer, next.Value);
            }
        }
    }
}
