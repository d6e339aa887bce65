using System.Globalization;
using System.Text.Json;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Results;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// What a Poisson fit's results say of whether Poisson was right: by its validation cells (or training cells that were set aside in their
/// place), or, where these are few, its training cells.
/// </summary>
/// <param name="Misfit">The errors.</param>
/// <param name="Cells">Of which cells they are.</param>
/// <param name="Rmse">The root mean squared error of validation cells; NaN without them.</param>
/// <param name="ColumnMeansRmse">That of their columns' means over training cells; NaN without them.</param>
/// <param name="ReplacedRmse">That of the fit which those means replaced, as it was worse; NaN where they did not.</param>
internal sealed record DispersionCheck(CountMisfit Misfit, string Cells, double Rmse, double ColumnMeansRmse, double ReplacedRmse)
{
    private const string Training = "training", Validation = "validation", Slice = "set aside";

    // Fewer held-out cells say less than all training cells.
    private const double FewCells = 100;

    private bool IsOverdispersed => Misfit.IsOverdispersed(trained: Cells == Training);

    /// <summary>The check; null where there is none.</summary>
    public static DispersionCheck? Of(TwinEbOptions options, ArraySet global)
    {
        var (isValidated, isTrained) = (global.Contains("heldOutMisfit"), global.Contains("misfit"));
        if (options.Likelihood != TwinEbLikelihood.Poisson || !(isValidated || isTrained))
        {
            return null;
        }

        double Known(string name) => global.Contains(name) ? global.Scalar(name) : double.NaN;
        var (rmse, means, replaced) = (Known("validationRmse"), Known("columnMeansRmse"), Known("replacedRmse"));
        return isValidated && (!isTrained || global.Scalar("validationCells") >= FewCells)
            ? new DispersionCheck(CountMisfit.FromArray(global["heldOutMisfit"]),
                global.Contains("sliceLogLik") ? Slice : Validation, rmse, means, replaced)
            : new DispersionCheck(CountMisfit.FromArray(global["misfit"]), Training, rmse, means, replaced);
    }

    /// <summary>For fit.json.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("dispersionCheck");
        writer.WriteString("cells", Cells);
        writer.Number("ratio", Misfit.Ratio);
        writer.Number("variance", Misfit.Variance);
        writer.WriteBoolean("overdispersed", IsOverdispersed);
        if (double.IsFinite(ColumnMeansRmse))
        {
            writer.Number("rmse", Rmse);
            writer.Number("columnMeansRmse", ColumnMeansRmse);
            writer.WriteBoolean("isColumnMeans", double.IsFinite(ReplacedRmse));
            if (double.IsFinite(ReplacedRmse))
            {
                writer.Number("replacedRmse", ReplacedRmse);
            }
        }

        writer.WriteEndObject();
    }

    private string Words => Cells == Slice ? "training cells set aside" : $"{Cells} cells";

    /// <summary>For people.</summary>
    public string Sentence()
    {
        var verdict = IsOverdispersed
            ? string.Create(
                CultureInfo.InvariantCulture, $"rates vary from cell to cell (variance {Misfit.Variance:G2} of their square); set " +
                $"twineb.likelihood: negative_binomial")
            : "poisson will do";
        var beside = double.IsFinite(ReplacedRmse)
            ? string.Create(CultureInfo.InvariantCulture,
                $"; THE RESULT IS THE COLUMNS' MEANS (RMSE {Rmse:G4}), as the best fit was worse (RMSE {ReplacedRmse:G4})")
            : IsOverdispersed && double.IsFinite(ColumnMeansRmse)
            ? string.Create(CultureInfo.InvariantCulture, $"; RMSE {Rmse:G4}, of columns' means {ColumnMeansRmse:G4}")
            : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"dispersion check   squared errors are {Misfit.Ratio:G3} times Poisson's ({Words}): {verdict}{beside}");
    }
}
