using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

public sealed class TransitionsTests
{
    private static readonly double[][] Data = RandomProblem.Make(77, 45, 18, 3, missing: 0.1);

    private static readonly EbmfOptions Base = new() { Rows = 45, Columns = 18, MaxFactors = 4, MaxSweeps = 6 };

    private static readonly PriorFamily[] Signed = [PriorFamily.PointExponential], Grid = [PriorFamily.Unimodal],
        Mixed = [PriorFamily.PointNormal, PriorFamily.Unimodal, PriorFamily.PointNormal];

    [Fact]
    public void Every_step_that_can_follow_is_one_and_all_but_the_last_go_on()
    {
        var places = Transitions.All.Select(t => (t.Stage, t.Step)).ToHashSet();
        Assert.Equal(Transitions.All.Count, Transitions.All.Select(t => (t.Stage, t.Step, t.Answer)).Distinct().Count());
        Assert.All(Transitions.All, t =>
        {
            var next = (t.NextStage, t.NextStep);
            Assert.True(places.Contains(next) || next == (EbmfStage.Done, EbmfStep.Done), $"{t} leads nowhere");
        });

        var reached = new HashSet<(EbmfStage, EbmfStep)> { (EbmfStage.Null, EbmfStep.Describe) };
        for (var before = 0; before < reached.Count;)
        {
            before = reached.Count;
            reached.UnionWith(Transitions.All.Where(t => reached.Contains((t.Stage, t.Step))).Select(t => (t.NextStage, t.NextStep)));
        }

        Assert.Subset(reached, places);
        Assert.Throws<InvalidOperationException>(() => Transitions.Of(EbmfStage.Null, EbmfStep.Describe, EbmfAnswer.Kept));
    }

    [Fact]
    public void Fits_take_every_transition_of_the_table_and_no_other()
    {
        var taken = new HashSet<Transition>();
        foreach (var (options, extras, errors, endAfter) in Fits())
        {
            Fit(options, Data, errors, extras, endAfter);
        }

        // Nothing missing, and factors that come with their priors.
        var whole = RandomProblem.Make(77, 45, 18, 3);
        var (start, loadings) = FromFit.Of(Fit(Base, whole), Base);
        Fit(start, whole, extras: loadings);

        // Few columns, or rows, hold most: the fit is begun in two ways.
        double[][] uneven = [.. whole.Select((row, i) => row.Select((v, j) => (i < 2 || j < 1 ? 1000 : 1) * v).ToArray())];
        foreach (var variance in new[] { VarianceStructure.Column, VarianceStructure.Row })
        {
            Fit(Base with { Variance = variance, MaxFactors = 8 }, uneven);
        }

        // Noise alone: mostly nothing stands out.
        for (ulong seed = 78; seed < 83; seed++)
        {
            Fit(Base with { Init = EbmfInit.Block }, RandomProblem.Make(seed, 45, 18, 0));
        }

        Assert.Subset(Transitions.All.ToHashSet(), taken);
        Assert.True(Transitions.All.All(taken.Contains), "never taken: " + string.Join("; ", Transitions.All.Except(taken)));

        SequentialFit Fit(EbmfOptions options, double[][] y, double[][]? errors = null, Func<int, int, ArraySet>? extras = null,
            int endAfter = int.MaxValue)
        {
            var model = new RecordingModel(options, endAfter);
            var fit = SequentialFit.Run(model, SequentialFit.Shards(y, 2, errors, extras));
            for (var t = 1; t < model.Taken.Count; t++)
            {
                Assert.Equal((model.Taken[t - 1].NextStage, model.Taken[t - 1].NextStep), (model.Taken[t].Stage, model.Taken[t].Step));
            }

            taken.UnionWith(model.Taken);
            return fit;
        }
    }

    [Fact]
    public void The_documents_table_is_the_programs()
    {
        var text = File.ReadAllLines(Document());
        var rows = text.SkipWhile(l => l != "| stage | step | answer | next stage | next step |").Skip(2).TakeWhile(l => l.StartsWith('|'))
            .ToHashSet();
        Assert.Equal(Transitions.All.Select(t => $"| {t.Stage} | {t.Step} | {t.Answer} | {t.NextStage} | {t.NextStep} |")
            .ToHashSet(), rows);
    }

    private static string Document()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "docs/ebmf.md");
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new FileNotFoundException("docs/ebmf.md");
    }

    private static IEnumerable<(EbmfOptions Options, Func<int, int, ArraySet>? Extras, double[][]? Errors, int EndAfter)> Fits()
    {
        const int Never = int.MaxValue;
        var (mean, errors) = (Draws(18), Data.Select((r, i) => r.Select((_, j) => 0.5 + (0.01 * i) + (0.02 * j)).ToArray()).ToArray());
        var given = Base with { InitialFactorCount = 3, InitialFactors = Draws(54) };
        static ArraySet New(int first, int last) =>
            new ArraySet().Set("initialLoadings", Enumerable.Repeat(double.NaN, (last - first) * 3).ToArray(), [last - first, 3]);
        foreach (var variance in new[] { VarianceStructure.Constant, VarianceStructure.Kronecker })
        {
            foreach (var families in new[] { [PriorFamily.PointNormal], Signed, Grid, Mixed })
            {
                var o = Base with { Variance = variance, LoadingsPrior = families };
                yield return (o, null, null, Never);
                yield return (o with { Greedy = false, Init = EbmfInit.Svd }, null, null, Never);
                yield return (o with { FixedFactorCount = 1, FixedFactors = mean }, null, null, Never);
                yield return (given with { Variance = variance, LoadingsPrior = families, Init = EbmfInit.Fit }, New, null, Never);
            }

            var b = Base with { Variance = variance };
            yield return (b with { LoadingsPrior = Signed, MaxFactors = 12 }, null, null, Never);
            yield return (b with { LoadingsPrior = Signed, MaxSweeps = 500 }, null, null, Never);
            yield return (b with { Init = EbmfInit.Svd }, null, null, Never);
            yield return (b with { Init = EbmfInit.Block }, null, null, Never);
            yield return (given with { Variance = variance, Greedy = false, Init = EbmfInit.Given }, New, null, Never);
            yield return (given with { Variance = variance, Init = EbmfInit.Given }, null, null, Never);
            yield return (b with { MaxFactors = 0 }, null, null, Never);
            yield return (b with { MaxFactors = 0, Greedy = false }, null, null, Never);
            yield return (b with { Nullcheck = false }, null, null, Never);
        }

        // The data are described in two rounds; the next is a pass for vectors.
        yield return (Base, null, null, 3);
        yield return (Base with { Greedy = false }, null, null, 3);

        // The search for variances that are added to known ones takes several rounds wherever residuals are wanted.
        var search = Base with { KnownErrors = KnownErrors.Matrix };
        yield return (search, null, errors, Never);
        yield return (search with { Greedy = false }, null, errors, Never);
        yield return (search with { FixedFactorCount = 1, FixedFactors = mean }, null, errors, Never);
        yield return (given with { KnownErrors = KnownErrors.Matrix, Init = EbmfInit.Fit }, New, errors, Never);
    }

    private static double[] Draws(int count) => [.. Enumerable.Range(0, count).Select(i => Philox.Normal(5, 1, (ulong)i))];
}
