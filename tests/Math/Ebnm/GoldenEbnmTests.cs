using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

public class GoldenEbnmTests
{
    public static TheoryData<string> AllCases => [.. GoldenEbnm.Cases(Enum.GetValues<PriorFamily>()).DefaultIfEmpty("absent")];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(AllCases))]
    public void Every_golden_case_can_be_decoded(string id)
    {
        var golden = GoldenEbnm.Load(id);
        Assert.Equal(golden.X.Length, golden.S.Length);
        Assert.Equal(golden.X.Length, golden.Mean.Length);
        Assert.NotNull(golden.FittedPrior);
        Assert.Equal(1, golden.FittedPrior.Components.Sum(c => c.Weight), 1e-8);
    }
}
