using System.Globalization;
using System.Text;
using System.Text.Json;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Priors;
using FitCluster.Models.Results;

namespace FitCluster.Cli.Ebnm;

/// <summary>A solved normal-means problem with its posteriors, and how it is written (docs/formats.md, "Output").</summary>
internal sealed record EbnmSolution(
    EbnmInput Input, EbnmFit Fit, double[] Mean, double[] Variance, double[] FalseSignRates, FalseDiscovery? Discovery)
{
    public static EbnmSolution Solve(EbnmInput input, PriorFamily family, EbnmOptions options)
    {
        var solver = EbnmFamilies.Get(family);
        var (x, s, n) = (input.X, input.S, input.X.Length);
        var (mean, variance, lfsr) = (new double[n], new double[n], new double[n]);
        var fit = options.FixPrior
            ? new EbnmFit(options.Start!, 0, Converged: true, Iterations: 0)
            : solver.Fit(x, s, options);
        var logLikelihood = solver.Moments(fit.Prior, x, s, mean, variance);
        solver.FalseSignRates(fit.Prior, x, s, lfsr);
        return new EbnmSolution(
            input, fit with { LogLikelihood = logLikelihood }, mean, variance, lfsr, FalseDiscovery.Of(fit.Prior, x, s));
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("family", EbnmFamilies.Name(Fit.Prior.Family));
        writer.Number("logLik", Fit.LogLikelihood);
        if (!double.IsNaN(Fit.Gap))
        {
            writer.Number("gap", Fit.Gap);
        }

        writer.WritePropertyName("prior");
        PriorJson.Write(writer, Fit.Prior);
        writer.WriteStartObject("posterior");
        writer.Numbers("mean", Mean);
        writer.Numbers("sd", PosteriorDeviations.Of(Fit.Prior, Input.X, Input.S, Variance));
        writer.Numbers("secondMoment", [.. Mean.Zip(Variance, (m, v) => (m * m) + v)]);
        writer.Numbers("lfsr", FalseSignRates);
        if (Discovery is not null)
        {
            writer.Numbers("lfdr", Discovery.LocalRates);
            writer.Numbers("qvalue", Discovery.QValues);
            writer.Numbers("svalue", Discovery.SValues);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public string Table()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"family          {EbnmFamilies.Name(Fit.Prior.Family)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"observations    {Mean.Length}");
        text.AppendLine(CultureInfo.InvariantCulture, $"log-likelihood  {Fit.LogLikelihood:F6}");
        text.AppendLine(CultureInfo.InvariantCulture, $"mode            {Fit.Prior.Mode:G6}");
        var shown = Fit.Prior.Components.Where(c => c.Weight > 0).OrderByDescending(c => c.Weight).Take(8).ToList();
        foreach (var c in shown)
        {
            var bounds = c.Kind == ComponentKind.Uniform ? $" [{c.Low:G6}, {c.High:G6}]" : $" at {c.Location:G6}";
            var scale = c.Scale > 0 ? string.Create(CultureInfo.InvariantCulture, $" scale {c.Scale:G6}") : "";
            text.AppendLine(CultureInfo.InvariantCulture, $"prior           {c.Weight,8:F5} {c.Kind}{bounds}{scale}");
        }

        var rest = Fit.Prior.Components.Count(c => c.Weight > 0) - shown.Count;
        if (rest > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"                and {rest} smaller components");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"lfsr < 0.05     {FalseSignRates.Count(r => r < 0.05)}");
        return text.ToString();
    }
}
