using System.Text.Json;
using FitCluster.Math.Ebnm;
using FitCluster.Tests;

namespace FitCluster.Math.Tests.Ebnm;

/// <summary>A golden EBNM case of ../shared/reference/ebnm, decoded.</summary>
/// <param name="Id">The case's name (the file name without extension).</param>
/// <param name="Family">The family.</param>
/// <param name="X">The observations.</param>
/// <param name="S">Their standard errors.</param>
/// <param name="Options">The options that the reference was given.</param>
/// <param name="FittedPrior">The reference's fitted (or given) prior.</param>
/// <param name="LogLikelihood">The better of the reference's default and tight log-likelihood; NaN for the flat prior.</param>
/// <param name="Mean">Posterior means of the default fit.</param>
/// <param name="StandardDeviation">Posterior standard deviations.</param>
/// <param name="SecondMoment">Posterior second moments.</param>
/// <param name="FalseSignRate">Local false sign rates; null where the reference has none.</param>
/// <param name="TightMean">Posterior means at the tightest tolerances; null where there was no tight fit.</param>
/// <param name="TightStandardDeviation">Posterior standard deviations at the tightest tolerances.</param>
internal sealed record GoldenEbnm(
    string Id,
    PriorFamily Family,
    double[] X,
    double[] S,
    EbnmOptions Options,
    Prior? FittedPrior,
    double LogLikelihood,
    double[] Mean,
    double[] StandardDeviation,
    double[] SecondMoment,
    double[]? FalseSignRate,
    double[]? TightMean,
    double[]? TightStandardDeviation)
{
    private const string Folder = "reference/ebnm";

    /// <summary>The names of the cases of some families, without group_normal and grids; empty where ../shared is not there.</summary>
    public static IEnumerable<string> Cases(params PriorFamily[] families)
    {
        foreach (var file in SharedFolder.Files(Folder, "*.json"))
        {
            var json = SharedFolder.RequireJson($"{Folder}/{file}");
            if (json.TryGetProperty("family", out var name) && EbnmFamilies.TryParse(name.GetString()!, out var family) &&
                families.Contains(family))
            {
                yield return Path.GetFileNameWithoutExtension(file);
            }
        }
    }

    /// <summary>One case; skips the running test where it is not there.</summary>
    public static GoldenEbnm Load(string id)
    {
        var json = SharedFolder.RequireJson($"{Folder}/{id}.json");
        if (!EbnmFamilies.TryParse(json.GetProperty("family").GetString()!, out var family))
        {
            throw new InvalidDataException($"{id}: unknown family");
        }

        var x = json.GetProperty("x").Numbers();
        var s = json.GetProperty("s").Numbers();
        if (s.Length == 1)
        {
            s = [.. Enumerable.Repeat(s[0], x.Length)];
        }

        var posterior = json.GetProperty("posterior");
        var logLikelihood = json.GetProperty("log_likelihood").Number();
        var tight = Property(json, "tight");
        if (tight is { } t && t.GetProperty("log_likelihood").Number() > logLikelihood)
        {
            logLikelihood = t.GetProperty("log_likelihood").Number();
        }

        if (family == PriorFamily.GeneralizedBinary)
        {
            // docs/ebnm.md, "Differences from the reference": the reference has 1/2 log pi for 1/2 log 2 pi.
            logLikelihood -= x.Length * 0.5 * double.Log(2);
        }

        return new GoldenEbnm(
            id, family, x, s, DecodeOptions(family, json.GetProperty("args")),
            Property(json, "fitted_g") is { } g ? DecodePrior(family, g) : null,
            logLikelihood,
            posterior.GetProperty("mean").Numbers(),
            posterior.GetProperty("sd").Numbers(),
            posterior.GetProperty("second_moment").Numbers(),
            Property(posterior, "lfsr")?.Numbers(),
            tight is { } mean ? Property(mean, "posterior_mean")?.Numbers() : null,
            tight is { } sd ? Property(sd, "posterior_sd")?.Numbers() : null);
    }

    /// <summary>A prior of the reference: one of its classes normalmix, laplacemix, gammamix, unimix, tnormalmix, horseshoe.</summary>
    public static Prior DecodePrior(PriorFamily family, JsonElement g)
    {
        double[] Field(string name) => Property(g, name)?.Numbers() ?? [];
        var name = g.GetProperty("class").GetString()!;
        var weights = name == "horseshoe" ? [1.0] : Field("pi");
        var components = new PriorComponent[weights.Length];
        for (var k = 0; k < weights.Length; k++)
        {
            components[k] = name switch
            {
                "normalmix" => Located(ComponentKind.Normal, weights[k], Field("mean")[k], Field("sd")[k]),
                "laplacemix" => Located(ComponentKind.Laplace, weights[k], Field("mean")[k], Field("scale")[k]),
                "gammamix" => Located(ComponentKind.Exponential, weights[k], Field("shift")[k], Field("scale")[k]),
                "unimix" => Field("a")[k] == Field("b")[k]
                    ? Located(ComponentKind.Point, weights[k], Field("a")[k], 0)
                    : new PriorComponent(ComponentKind.Uniform, weights[k], 0, 0, Field("a")[k], Field("b")[k]),
                "tnormalmix" => Field("sd")[k] == 0
                    ? Located(ComponentKind.Point, weights[k], Field("mean")[k], 0)
                    : new PriorComponent(
                        ComponentKind.TruncatedNormal, weights[k], Field("mean")[k], Field("sd")[k], Field("a")[k], Field("b")[k]),
                "horseshoe" => Located(ComponentKind.Horseshoe, 1, 0, Field("scale")[0]),
                _ => throw new InvalidDataException($"unknown class of prior {name}"),
            };
        }

        var mode = components.Where(c => c.Kind == ComponentKind.Point).Select(c => c.Location).FirstOrDefault(components[0].Location);
        return new Prior(family, family is PriorFamily.Npmle or PriorFamily.Deconvolver ? 0 : mode, components);
    }

    private static PriorComponent Located(ComponentKind kind, double weight, double location, double scale) =>
        new(scale == 0 ? ComponentKind.Point : kind, weight, location, scale);

    private static EbnmOptions DecodeOptions(PriorFamily family, JsonElement args)
    {
        var options = new EbnmOptions();
        if (args.ValueKind != JsonValueKind.Object)
        {
            return options;
        }

        foreach (var argument in args.EnumerateObject())
        {
            options = argument.Name switch
            {
                "mode" when argument.Value.ValueKind == JsonValueKind.String => options with { EstimateMode = true },
                "mode" => options with { Mode = argument.Value.Numbers()[0] },
                "scale" => options with { Scale = argument.Value.Numbers()[0] },
                "g_init" => options with { Start = DecodePrior(family, argument.Value) },
                "fix_g" => options with { FixPrior = argument.Value.GetBoolean() },
                _ => throw new InvalidDataException($"unknown argument {argument.Name}"),
            };
        }

        return options;
    }

    private static JsonElement? Property(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
        && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? value
            : null;
}
