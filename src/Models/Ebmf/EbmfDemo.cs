using System.Text;
using FitCluster.Data;
using FitCluster.Models.Reports;
using FitCluster.Models.Results;
using FitCluster.Models.Simulation;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>The tour: an atlas of six known factors, and how well they are found again.</summary>
internal sealed class EbmfDemo : IModelDemo
{
    private static readonly SimulationOptions Atlas = new() { Rows = 4000, Columns = 500, Factors = 6 };

    /// <inheritdoc/>
    public IReadOnlyList<string> Next =>
        ["fitcluster check ebmf --data PATH --factors 20", "fitcluster fit ebmf --data PATH --factors 20 --out DIR"];

    /// <inheritdoc/>
    public ISimulator Simulator() => new EbmfSimulator(Atlas);

    /// <inheritdoc/>
    public JobSpec Spec(string data, string output) => new()
    {
        Name = "demo",
        Model = EbmfFields.Table.Name,
        Data = new DataSpec { Path = data },
        Out = output,
        Fresh = true,
        Section = EbmfFields.Table.Empty.With(EbmfFields.MaxFactors, 10),
    };

    /// <inheritdoc/>
    public (string Words, IReadOnlyList<ReportSection> Sections) Compare(string truth, FinishedFit fit)
    {
        var recovery = Recovery.Of(
            DenseArray.Read(Path.Combine(truth, "truth_loadings.npy")), DenseArray.Read(Path.Combine(truth, "truth_factors.npy")),
            DenseArray.Read(fit.At("loadings_mean.npy")), DenseArray.Read(fit.At("factors_mean.npy")));
        var text = new StringBuilder("recovery    fitted   correlation with the truth\ntrue factor factor   loadings  factors\n");
        for (var t = 0; t < recovery.Match.Length; t++)
        {
            var k = recovery.Match[t];
            text.AppendLine(k < 0
                ? FormattableString.Invariant($"{t + 1,11}      -   not found")
                : FormattableString.Invariant($"{t + 1,11} {k + 1,6} {recovery.Loadings[t, k],10:F4} {recovery.Factors[t, k],8:F4}"));
        }

        return (text.ToString(),
        [
            new ReportSection("Recovery: correlation of true and fitted loadings", Svg.Shades(recovery.Loadings, "true", "fit")),
            new ReportSection("Recovery: correlation of true and fitted factors", Svg.Shades(recovery.Factors, "true", "fit")),
        ]);
    }
}
