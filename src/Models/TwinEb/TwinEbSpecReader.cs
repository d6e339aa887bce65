using System.Globalization;
using System.Text.Json;
using FitCluster.Math.TwinEb;
using FitCluster.Models.Spec;

namespace FitCluster.Models.TwinEb;

/// <summary>Reads the section "twineb", and refuses options that could not take effect together.</summary>
internal static class TwinEbSpecReader
{
    private const string WriteSplitName = "writeSplit";

    /// <param name="section">The section "twineb".</param>
    /// <param name="folder">Where paths of the spec are relative to.</param>
    /// <param name="stopTolerance">The tolerance of the section "stop": another name of the same option.</param>
    /// <param name="stopOrigin">Where that was given.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static TwinEbSpec Read(SectionReader section, string folder, double? stopTolerance, Origin? stopOrigin, ProblemList problems)
    {
        var spec = new TwinEbSpec { WriteSplit = section.Flag(WriteSplitName) ?? true };
        spec = TwinEbFields.All.Aggregate(spec, (read, field) => field.Read(section, folder, read));
        if (spec.Options.Tolerance is { } tolerance && stopTolerance is not null && tolerance != stopTolerance)
        {
            problems.Add(stopOrigin!.Value, string.Create(CultureInfo.InvariantCulture,
                $"stop.tolerance is {stopTolerance} and twineb.tolerance is {tolerance}: they are one option, give one"));
        }

        foreach (var field in TwinEbFields.All)
        {
            if (section.Node(field.Name) is not null && field.WithoutEffect(spec) is { } problem)
            {
                section.Wrong(field.Name, problem);
            }
        }

        if (section.Node(WriteSplitName) is not null && !spec.HoldsOut)
        {
            section.Wrong(WriteSplitName, "has no effect when nothing is held out: remove it");
        }

        section.RefuseUnknown();
        return spec with { Options = spec.Options with { Tolerance = spec.Options.Tolerance ?? stopTolerance } };
    }

    /// <summary>Writes the section: the fields that have an effect. Whether the split is written does not determine the result.</summary>
    public static void Write(Utf8JsonWriter writer, TwinEbSpec spec, bool forPeople)
    {
        writer.WriteStartObject("twineb");
        foreach (var field in TwinEbFields.All.Where(f => f.WithoutEffect(spec) is null))
        {
            field.Write(writer, forPeople, spec);
        }

        if (forPeople && spec.HoldsOut)
        {
            writer.WriteBoolean(WriteSplitName, spec.WriteSplit);
        }

        writer.WriteEndObject();
    }

    /// <summary>The word of a likelihood.</summary>
    public static string Name(TwinEbLikelihood likelihood) => likelihood == TwinEbLikelihood.Poisson ? "poisson" : "gaussian";
}
