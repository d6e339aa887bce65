using System.Globalization;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Ebmf;

/// <summary>Reads the section "ebmf", and refuses options that could not take effect together.</summary>
internal static class EbmfSpecReader
{
    private static readonly string[] Intercepts = ["intercept", "row-intercept", "column-intercept"];

    /// <param name="section">The section "ebmf".</param>
    /// <param name="folder">Where paths of the spec are relative to.</param>
    /// <param name="stopTolerance">The tolerance of the section "stop": another name of the same option.</param>
    /// <param name="stopOrigin">Where that was given.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static EbmfSpec Read(SectionReader section, string folder, double? stopTolerance, Origin? stopOrigin, ProblemList problems)
    {
        var tolerance = section.Positive("tolerance");
        if (tolerance is not null && stopTolerance is not null && tolerance != stopTolerance)
        {
            problems.Add(stopOrigin!.Value, string.Create(CultureInfo.InvariantCulture,
                $"stop.tolerance is {stopTolerance} and ebmf.tolerance is {tolerance}: they are one option, give one"));
        }

        var variance = section.Choice("variance", [.. Enum.GetNames<VarianceStructure>().Select(n => n.ToLowerInvariant())]);
        var spec = new EbmfSpec
        {
            MaxFactors = (int?)section.Integer("maxFactors", 1, 100_000),
            LoadingsPrior = Families(section, "loadingsPrior", problems),
            FactorsPrior = Families(section, "factorsPrior", problems),
            Variance = (VarianceStructure)(variance ?? 0),
            Greedy = section.Flag("greedy") ?? true,
            Backfit = section.Flag("backfit") ?? true,
            Nullcheck = section.Flag("nullcheck") ?? true,
            Extrapolate = section.Flag("extrapolate") ?? true,
            FixedFactors = FixedFactors(section, folder, problems),
            Tolerance = tolerance ?? stopTolerance,
            MaxSweeps = (int?)section.Integer("maxSweeps", 1, 1_000_000) ?? 500,
        };
        spec = WithInit(WithStandardErrors(spec, section, folder), section, folder);
        RefuseWithoutEffect(spec, section);
        section.RefuseUnknown();
        return spec;
    }

    private static List<PriorFamily> Families(SectionReader section, string key, ProblemList problems)
    {
        var families = new List<PriorFamily>();
        foreach (var name in section.Words(key) ?? ["point_normal"])
        {
            if (EbnmFamilies.TryParse(name, out var family))
            {
                families.Add(family);
            }
            else
            {
                problems.Add(section.OriginOf(key)!.Value,
                    $"{section.PathOf(key)}: unknown family '{name}'{Nearest.Suggest(name, EbnmFamilies.Names)}");
            }
        }

        return families;
    }

    private static EbmfSpec WithStandardErrors(EbmfSpec spec, SectionReader section, string folder)
    {
        if (section.Text("standardErrors") is not { } text)
        {
            if (spec.Variance == VarianceStructure.Known)
            {
                section.Wrong("variance", "needs ebmf.standardErrors: a number or a file");
            }

            return spec;
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            return spec with { StandardErrorsPath = PathResolver.Input(text, section.OriginOf("standardErrors")!.Value, folder) };
        }

        if (!(value > 0 && double.IsFinite(value)))
        {
            section.Wrong("standardErrors", "must be above 0 and finite");
        }

        return spec with { StandardError = value };
    }

    private static EbmfSpec WithInit(EbmfSpec spec, SectionReader section, string folder)
    {
        switch (section.Text("init"))
        {
            case null or "power":
                return spec;
            case "svd":
                return spec with { Init = EbmfInit.Svd };
            case var text:
                var path = PathResolver.Input(text, section.OriginOf("init")!.Value, folder);
                if (!Directory.Exists(path))
                {
                    section.Wrong("init", "must be power, svd, or a folder with loadings.csv and factors.csv (that folder does not exist)");
                }

                return spec with { Init = EbmfInit.Given, InitPath = path };
        }
    }

    private static List<string> FixedFactors(SectionReader section, string folder, ProblemList problems)
    {
        var result = new List<string>();
        foreach (var word in section.Words("fixedFactors") ?? [])
        {
            var origin = section.OriginOf("fixedFactors")!.Value;
            var path = PathResolver.Input(word, origin, folder);
            if (Intercepts.Contains(word) || Path.Exists(path))
            {
                result.Add(Intercepts.Contains(word) ? word : path);
            }
            else
            {
                problems.Add(origin,
                    $"ebmf.fixedFactors: '{word}' is no file or folder, nor one of {string.Join(", ", Intercepts)}{Hint(word)}");
            }
        }

        return result;

        static string Hint(string word) => Nearest.Find(word, Intercepts) is { } near ? $": did you mean '{near}'?" : "";
    }

    private static void RefuseWithoutEffect(EbmfSpec spec, SectionReader section)
    {
        if (!spec.Greedy && !spec.Backfit)
        {
            section.Wrong("backfit", "must be true when ebmf.greedy is false: nothing would be fitted");
        }

        if (!spec.Backfit && section.Node("extrapolate") is not null)
        {
            section.Wrong("extrapolate", "has no effect without ebmf.backfit: remove one of them");
        }

        if (!spec.Greedy && spec.Init == EbmfInit.Power && spec.FixedFactors.Count == 0)
        {
            section.Wrong("greedy", "must be true with ebmf.init: power, which starts factors one by one; or use init: svd");
        }

        if (!spec.Greedy && spec.Init != EbmfInit.Svd && section.Node("maxFactors") is not null)
        {
            section.Wrong("maxFactors", "has no effect with ebmf.greedy: false and without init: svd: remove it");
        }
    }
}
