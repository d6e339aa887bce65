using System.Globalization;
using System.Text;
using System.Text.Json;
using FitCluster.Data.Writing;
using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Results;

namespace FitCluster.Models.TwinEb;

/// <summary>The results of twineb.</summary>
/// <param name="request">What was fitted.</param>
/// <param name="options">The options, decided.</param>
/// <param name="writeSplit">Writes the split into a folder; null where there is none, or it is not wanted.</param>
/// <param name="scale">How columns were standardized; null where they were not.</param>
internal sealed class TwinEbOutput(ModelRequest request, TwinEbOptions options, Action<string>? writeSplit, Lazy<ColumnScale>? scale)
    : ModelOutput(request)
{
    // Both optimizers mark a score that is not there, as a state holds no NaN.
    private const double NoScore = -1e300;

    private static readonly string[] Scores = ["heldOutLogLik", "rmse", "mae", "testLogLik", "testRmse", "testMae"];

    /// <inheritdoc/>
    public override string LimitOption => "twineb.steps";

    /// <inheritdoc/>
    public override void WriteReport(Utf8JsonWriter writer, FitOutcome outcome)
    {
        var global = outcome.GlobalResult!;
        WriteScores(writer, global);
        writer.WriteStartObject("twineb");
        writer.WriteString("optimizer", options.Optimizer.ToString().ToLowerInvariant());
        WriteScores(writer, global);
        writer.WriteString("likelihood", LikelihoodWords.Of(options.Likelihood));
        if (DispersionCheck.Of(options, global) is { } check)
        {
            check.Write(writer);
            if (global.Contains("spread"))
            {
                writer.WriteNumber("spread", Spread(global));
                writer.WriteNumber("temper", Temper(global));
            }
        }

        if (global.Contains("dispersion"))
        {
            writer.WriteNumber("dispersion", global.Scalar("dispersion"));
        }

        writer.WriteNumber("rowComponents", global["row_prior_weight"].Length);
        writer.WriteNumber("columnComponents", global["column_prior_weight"].Length);
        writer.WriteNumber("bestRestart", BestRestart(global) + 1);
        writer.WriteStartArray("restarts");
        foreach (var (heldOut, elbo) in Restarts(global))
        {
            writer.WriteStartObject();
            writer.Number("heldOutLogLik", heldOut);
            writer.Number("elbo", elbo);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public override string Table(FitOutcome outcome, string folder)
    {
        var global = outcome.GlobalResult!;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{Ended(outcome)}: ELBO {Words(global.Scalar("elbo"))}, {options.Factors} factors");
        foreach (var (words, score) in new[] { ("validation cells", "heldOutLogLik"), ("test cells      ", "testLogLik") })
        {
            if (double.IsFinite(Score(global, score)))
            {
                var (rmse, mae) = score == "testLogLik" ? ("testRmse", "testMae") : ("rmse", "mae");
                var errors = double.IsFinite(Score(global, rmse)) ? string.Create(
                    CultureInfo.InvariantCulture, $"   RMSE {Score(global, rmse):F4}   MAE {Score(global, mae):F4}") : "";
                text.AppendLine(CultureInfo.InvariantCulture, $"{words}   log-likelihood {Score(global, score):F4}{errors}");
            }
        }

        if (DispersionCheck.Of(options, global) is { } check)
        {
            text.AppendLine(check.Sentence());
        }

        if (Temper(global) > 1)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"counts weigh 1 / {Temper(global):G3} of what Poisson's would, in the fit and in its ELBO");
        }

        if (Spread(global) > 1)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"posteriors are spread: variances {Spread(global):G3} times as large, by which validation cells score best");
        }

        var restarts = Restarts(global);
        if (restarts.Count > 1)
        {
            text.AppendLine("restart  validation           ELBO");
            for (var r = 0; r < restarts.Count; r++)
            {
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"{r + 1,7}  {Words(restarts[r].HeldOut),10}  " +
                    $"{Words(restarts[r].Elbo),13}{(r == BestRestart(global) ? "  best" : "")}");
            }
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"results are in {folder}");
        return text.ToString();
    }

    /// <inheritdoc/>
    public override void WriteFiles(string to, FitOutcome outcome)
    {
        var global = outcome.GlobalResult!;
        string[] factors = [.. Enumerable.Range(1, options.Factors).Select(i => $"factor{i}")];
        WriteRows(to, outcome, array => (array.Name, factors));
        foreach (var name in new[] { "columns_mean", "columns_sd" })
        {
            WriteColumns(to, new NamedArray(name, global[name], [options.Columns, options.Factors]), name, factors);
        }

        // What rows are fitted with when columns are frozen: the default optimizer's alone.
        foreach (var array in global.Where(a => a.Name is "columns_log_mean" or "columns_harmonic_mean" or "columns_second"))
        {
            NpyWriter.Write(Path.Combine(to, array.Name + ".npy"), array.Values, [.. array.Shape.Select(l => (long)l)]);
        }

        if (global.Contains("dispersion"))
        {
            // One number, by column as other arrays of what an entry's variance is.
            WriteColumns(to, new NamedArray("columns_dispersion", [.. Enumerable.Repeat(global.Scalar("dispersion"), options.Columns)]),
                "columns_dispersion", ["columns_dispersion"]);
        }

        if (scale is not null)
        {
            WriteColumns(to, new NamedArray("columns_center", scale.Value.Center), "columns_center", ["columns_center"]);
            WriteColumns(to, new NamedArray("columns_scale", scale.Value.Scale), "columns_scale", ["columns_scale"]);
        }

        foreach (var side in new[] { "row_prior", "column_prior" })
        {
            AtomicFile.WriteAllBytes(Path.Combine(to, side + ".json"), Json.Bytes(writer => WritePrior(writer, global, side)));
        }

        writeSplit?.Invoke(to);
    }

    private static double Spread(ArraySet global) => Score(global, "spread", 1);

    private static double Temper(ArraySet global) => Score(global, "temper", 1);

    private static double Score(ArraySet global, string name, double without = double.NaN) =>
        global.Contains(name) ? global.Scalar(name) : without;

    private static string Words(double value) => double.IsFinite(value) ? value.ToString("F4", CultureInfo.InvariantCulture) : "-";

    private static int BestRestart(ArraySet global) => (int)global.Scalar("restart");

    /// <summary>Of each restart its validation log-likelihood and its ELBO; NaN where there is none, or it is not known.</summary>
    private static List<(double HeldOut, double Elbo)> Restarts(ArraySet global)
    {
        static double Known(double score) => score > NoScore ? score : double.NaN;
        var isHeldOut = double.IsFinite(Score(global, "heldOutLogLik"));
        var scores = global["restartScores"].Select(Known).ToList();
        // The reference optimizer keeps only the score by which restarts are judged: the ELBO where nothing is held out.
        var elbos = global.Contains("restartElbos") ? global["restartElbos"].Select(Known).ToList()
            : isHeldOut ? [.. scores.Select(_ => double.NaN)] : scores;
        return [.. scores.Zip(elbos, (score, elbo) => (isHeldOut ? score : double.NaN, elbo))];
    }

    private void WriteScores(Utf8JsonWriter writer, ArraySet global)
    {
        writer.WriteNumber("factors", options.Factors);
        foreach (var name in Scores)
        {
            writer.Number(name, Score(global, name));
        }
    }

    private void WritePrior(Utf8JsonWriter writer, ArraySet global, string side)
    {
        var isGamma = options.Likelihood != TwinEbLikelihood.Gaussian;
        var (first, second) = isGamma ? ("shape", "rate") : ("mean", "sd");
        MixtureJson.Write(
            writer, isGamma, global[$"{side}_weight"], (first, global[$"{side}_{first}"]), (second, global[$"{side}_{second}"]));
    }
}
