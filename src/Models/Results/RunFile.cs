using System.Text.Json;
using FitCluster.Data.Writing;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Results;

/// <summary>What a folder's fit is: run.json while it is unfinished, the same fields of fit.json afterwards.</summary>
internal sealed record RunFile(string Name, string SpecHash, string DataHash, string Status)
{
    /// <summary>The name of the file that marks an unfinished fit.</summary>
    public const string FileName = "run.json";

    /// <summary>The name of the file of a fit's result.</summary>
    public const string ResultName = "fit.json";

    /// <summary>Where a limit stopped it, so that it can be gone on with; null where that is not how it ended.</summary>
    public ResumePoint? Resume { get; init; }

    /// <summary>Whether limits leave room to go on.</summary>
    public bool CanGoOn(StopSpec limits) => Status == "stopped" && Resume is { } point &&
        point.Round.Value < (limits.MaxRounds ?? long.MaxValue) && point.Seconds < (limits.MaxSeconds ?? double.PositiveInfinity);

    /// <summary>Reads either file; null when it is not there.</summary>
    public static RunFile? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            string Get(string name) => root.GetProperty(name).GetString() ?? "";
            return new RunFile(Get("name"), Get("specHash"), Get("dataHash"), Get("status"))
            {
                Resume = root.TryGetProperty("resume", out var point)
                    ? new ResumePoint(new Round(point.GetProperty("round").GetInt64()), point.GetProperty("seconds").GetDouble())
                    : null,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw ProblemException.BadInput(
                $"'{path}' is not a file of fitcluster, or it is damaged: give another --out, or --fresh to throw it away", e);
        }
    }

    /// <summary>Writes run.json, whole or not at all.</summary>
    public void Write(string path) => AtomicFile.WriteAllBytes(path, Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", Name);
        writer.WriteString("specHash", SpecHash);
        writer.WriteString("dataHash", DataHash);
        writer.WriteString("status", Status);
        writer.WriteEndObject();
    }));
}
