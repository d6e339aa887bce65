using System.Globalization;
using System.Text;
using System.Text.Json;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Priors;
using FitCluster.Models.Results;

namespace FitCluster.Cli.Ebnm;

/// <summary>A solved normal-means problem with its posteriors, and how it is written (docs/formats.md, "Output").</summary>
internal sealed record EbnmSolution(
    EbnmInput Input, EbnmFit Fit, double[] Mean, double[] SecondMoment, double[] FalseSignRates, FalseDiscovery? Discovery)
{
    // A variance below this share of the second moment has fewer than ten digits left.
    private const double Cancelled = 1e-6;

    public static EbnmSolution Solve(EbnmInput input, PriorFamily family, EbnmOptions options)
    {
        var solver = EbnmFamilies.Get(family);
        var (x, s, n) = (input.X, input.S, input.X.Length);
        var (mean, second, lfsr) = (new double[n], new double[n], new double[n]);
        var fit = options.FixPrior
            ? new EbnmFit(options.Start!, 0, Converged: true, Iterations: 0)
            : solver.Fit(x, s, options);
        var logLikelihood = solver.Moments(fit.Prior, x, s, mean, second);
        solver.FalseSignRates(fit.Prior, x, s, lfsr);
        if (options.FixPrior)
        {
            fit = fit with { LogLikelihood = logLikelihood };
        }

        return new EbnmSolution(input, fit, mean, second, lfsr, FalseDiscovery.Of(fit.Prior, x, s));
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("family", EbnmFamilies.Name(Fit.Prior.Family));
        writer.Number("logLik", Fit.LogLikelihood);
        writer.WritePropertyName("prior");
        PriorJson.Write(writer, Fit.Prior);
        writer.WriteStartObject("posterior");
        writer.Numbers("mean", Mean);
        writer.Numbers("sd", StandardDeviations());
        writer.Numbers("secondMoment", SecondMoment);
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

    private double[] StandardDeviations()
    {
        var sd = new double[Mean.Length];
        for (var i = 0; i < sd.Length; i++)
        {
            var variance = SecondMoment[i] - (Mean[i] * Mean[i]);
            sd[i] = double.Sqrt(double.Max(0, variance < Cancelled * SecondMoment[i] ? Variance(i) : variance));
        }

        return sd;
    }

    // Where the difference of the moments has lost its digits: the second moment about the mean, of the problem moved there.
    private double Variance(int i)
    {
        var (family, by) = (Fit.Prior.Family, -Mean[i]);
        if (!EbnmFamilies.Get(family).Traits.CanBeMoved)
        {
            return double.IsPositiveInfinity(Fit.Prior.Components[0].Scale)
                ? Input.S[i] * Input.S[i]
                : SecondMoment[i] - (Mean[i] * Mean[i]);
        }

        var moved = new Prior(family, Fit.Prior.Mode + by, Array.ConvertAll(Fit.Prior.Components, c => c.Kind == ComponentKind.Uniform
            ? c with { Low = c.Low + by, High = c.High + by }
            : c.Kind == ComponentKind.TruncatedNormal
                ? c with { Location = c.Location + by, Low = c.Low + by, High = c.High + by }
                : c with { Location = c.Location + by }));
        Span<double> mean = [0.0], second = [0.0];
        EbnmFamilies.Get(family).Moments(moved, [Input.X[i] + by], [Input.S[i]], mean, second);
        return second[0] - (mean[0] * mean[0]);
    }
}
