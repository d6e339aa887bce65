using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

public sealed class GoldenEbmfTests(ITestOutputHelper output)
{
    public static TheoryData<string> Cases() => Where(_ => true);

    // Local optima depend on the start for these families (docs/design/reference-figures.md, section 2): only the saved start is
    // comparable. And where the reference's case is its start, there is no other.
    public static TheoryData<string> CasesWithoutStart() =>
        Where(file => !file.StartsWith("svdinit", StringComparison.Ordinal) &&
            !StartDependent.Any(family => file.Contains($"__{family}__", StringComparison.Ordinal)));

    private static readonly string[] StartDependent = ["pe_pn", "unimodal", "unimodal_nonnegative", "unimodal_symmetric", "npmle"];

    private static TheoryData<string> Where(Func<string, bool> isChosen)
    {
        var data = new TheoryData<string>();
        foreach (var file in SharedFolder.Files("reference/ebmf", "*__*.json").Where(isChosen))
        {
            data.Add(file);
        }

        if (data.Count == 0)
        {
            data.Add("absent");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void From_the_saved_start_the_elbo_is_no_lower_than_the_references(string file)
    {
        var golden = new GoldenEbmf(file);
        var (options, extras) = golden.FromSavedStart();
        Compare(golden, SequentialFit.Run(options, SequentialFit.Shards(golden.Y, 3, extras: extras)));
    }

    [Theory]
    [MemberData(nameof(CasesWithoutStart))]
    public void From_our_own_start_the_elbo_is_no_lower_than_the_references(string file)
    {
        var golden = new GoldenEbmf(file);
        Compare(golden, SequentialFit.Run(golden.Options, SequentialFit.Shards(golden.Y, 3)));
    }

    private void Compare(GoldenEbmf golden, SequentialFit fit)
    {
        var reference = golden.CleanElbo;
        output.WriteLine(
            $"ELBO {fit.Elbo:F6} (reference {reference:F6}, difference {fit.Elbo - reference:E2}), K {fit.K} (reference " +
            $"{golden.LiveFactors}), {fit.Rounds} rounds, {fit.Result.Scalar("sweeps")} sweeps");
        Assert.True(fit.Elbo >= reference - (1e-5 * double.Abs(reference)), $"ELBO {fit.Elbo:F6} is below the reference's {reference:F6}");
        Assert.True(
            fit.K == golden.LiveFactors || fit.Elbo > reference, $"K is {fit.K}, the reference's {golden.LiveFactors}, at no higher ELBO");
        if (double.Abs(fit.Elbo - reference) <= 1e-7 * double.Abs(reference))
        {
            Assert.True(RelativeDifference(fit.Fitted(), Fitted(golden)) < 1e-3, "fitted values differ at the same ELBO");
        }
    }

    private static double[] Fitted(GoldenEbmf golden) =>
        [.. golden.Loadings.SelectMany(l => golden.Factors.Select(f => l.Zip(f, (a, b) => a * b).Sum()))];

    private static double RelativeDifference(double[] a, double[] b) =>
        double.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum() / b.Sum(x => x * x));
}
