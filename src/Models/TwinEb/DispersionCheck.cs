using System.Globalization;
using System.Text.Json;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Results;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// What a Poisson fit's results say of whether Poisson was right: by its validation cells, or, without them, its training cells.
/// </summary>
internal static class DispersionCheck
{
    // Fewer held-out cells say less than all training cells.
    private const double FewCells = 100;

    /// <summary>The check, and of which cells; null where there is none.</summary>
    public static (CountMisfit Misfit, string Cells)? Of(TwinEbOptions options, ArraySet global, double validationCells) =>
        options.Likelihood != TwinEbLikelihood.Poisson ? null
        : global.Contains("heldOutMisfit") && (validationCells >= FewCells || !global.Contains("misfit"))
            ? (CountMisfit.FromArray(global["heldOutMisfit"]), "validation")
        : global.Contains("misfit") ? (CountMisfit.FromArray(global["misfit"]), "training")
        : null;

    /// <summary>For fit.json.</summary>
    public static void Write(Utf8JsonWriter writer, (CountMisfit Misfit, string Cells) check)
    {
        writer.WriteStartObject("dispersionCheck");
        writer.WriteString("cells", check.Cells);
        writer.Number("ratio", check.Misfit.Ratio);
        writer.Number("variance", check.Misfit.Variance);
        writer.WriteBoolean("overdispersed", check.Misfit.IsOverdispersed(check.Cells == "training"));
        writer.WriteEndObject();
    }

    /// <summary>For people.</summary>
    public static string Sentence((CountMisfit Misfit, string Cells) check)
    {
        var verdict = check.Misfit.IsOverdispersed(check.Cells == "training")
            ? string.Create(
                CultureInfo.InvariantCulture, $"rates vary from cell to cell (variance {check.Misfit.Variance:G2} of their square); set " +
                $"twineb.likelihood: negative_binomial")
            : "poisson will do";
        return string.Create(CultureInfo.InvariantCulture,
            $"dispersion check   squared errors are {check.Misfit.Ratio:G3} times Poisson's ({check.Cells} cells): {verdict}");
    }
}
