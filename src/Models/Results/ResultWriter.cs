using System.Globalization;
using FitCluster.Data.Writing;
using FitCluster.Math.Models;
using FitCluster.Models.Jobs;

namespace FitCluster.Models.Results;

/// <summary>
/// Writes the results of a fit: everything into a temporary folder beside its place first, then every file under its name, fit.json
/// last. A fit without fit.json has no results.
/// </summary>
internal sealed class ResultWriter(PreparedJob job, FitFolder folder, FitOutcome outcome, RunLog log)
{
    /// <summary>Writes everything; nothing is left of it when that fails.</summary>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public void Write(ReadOnlySpan<byte> fitJson)
    {
        var temporary = folder.At(FitFolder.TemporaryName);
        try
        {
            Recreate(temporary);
            WriteFiles(temporary);
            foreach (var file in Directory.GetFiles(temporary))
            {
                OutputPath.MoveInto(file, folder.At(Path.GetFileName(file)));
            }

            AtomicFile.WriteAllBytes(folder.At(RunFile.ResultName), fitJson);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private static void Recreate(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        Directory.CreateDirectory(path);
    }

    private void WriteFiles(string to)
    {
        var data = job.Data;
        job.Own.Output.WriteFiles(to, outcome);
        TsvWriter.WriteNames(Path.Combine(to, "rows.tsv"), data.RowNames);
        TsvWriter.WriteNames(Path.Combine(to, "columns.tsv"), data.ColumnNames);
        WriteTrace(Path.Combine(to, "trace.csv"));
    }

    private void WriteTrace(string path)
    {
        using var file = new AtomicFile(path);
        using (var text = new StreamWriter(file.Stream, leaveOpen: true) { NewLine = "\n" })
        {
            text.WriteLine("round,phase,seconds,elbo");
            foreach (var line in outcome.Trace)
            {
                var seconds = log.Seconds.TryGetValue(line.Round.Value, out var s) ? s.ToString("F6", CultureInfo.InvariantCulture) : "";
                var elbo = double.IsFinite(line.Objective) ? line.Objective.ToString("R", CultureInfo.InvariantCulture) : "";
                text.WriteLine($"{line.Round},{line.Phase},{seconds},{elbo}");
            }
        }

        file.Commit();
    }
}
