using FitCluster.Cli.Output;
using FitCluster.Data.Writing;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>predict --denoised</c>: counts before some were lost, of given cells or of all.</summary>
internal static class DenoisedCells
{
    /// <summary>Notes what is wrong with the options; returns the form of records.</summary>
    public static string Check(string? cells, string? output, string? format, string? unknown, ProblemList problems)
    {
        if (unknown is not null)
        {
            problems.Add("predict: --unknown has no effect with --denoised, which needs the counts of a cell: remove it");
        }

        if (cells is null && format is not null)
        {
            problems.Add("predict: --format has no effect with --denoised without --cells, whose result is a .npy: remove it");
        }

        if (cells is null && (output is null || !output.EndsWith(".npy", StringComparison.Ordinal)))
        {
            problems.Add("predict: --denoised without --cells writes the means of all cells, rows x columns: give --out FILE.npy, or " +
                "--cells");
        }

        return RecordWriter.ParseFormat(format, problems);
    }

    /// <summary>Writes them.</summary>
    public static int Run(string folder, string? cellsPath, string? outPath, string format)
    {
        var fit = FinishedFit.Open(folder, Terminal.Error.WriteLine);
        var denoises = fit.As<IDenoisesCounts>();
        var cells = cellsPath is null ? null : CellList.Read(cellsPath, fit, UnknownPolicy.Refuse, Terminal.Error.WriteLine);
        if (outPath is not null)
        {
            OutputFiles.CheckWritable(outPath);
        }

        var denoiser = denoises.Denoiser(DataOpener.Open(fit.Spec.Data));
        var width = fit.Columns.Names.Count;
        var (mean, sd) = (new double[width], new double[width]);
        if (cells is null)
        {
            try
            {
                using var writer = new NpyWriter(outPath!, fit.Rows.Names.Count, width);
                for (var row = 0; row < fit.Rows.Names.Count; row++)
                {
                    denoiser.Row(row, mean, sd);
                    writer.Append(mean);
                }

                writer.Finish();
                return ExitCode.Done;
            }
            catch (Exception e) when (OutputFiles.IsFailure(e))
            {
                throw new ProblemException(ExitCode.Failed, $"'{outPath}' could not be written: {OutputFiles.Reason(e)}", e);
            }
        }

        // Each row is denoised once, however the cells are ordered; a row's cells are few beside its columns.
        var moments = new (double Mean, double Sd)[cells.Count];
        foreach (var row in Enumerable.Range(0, cells.Count).GroupBy(at => cells[at].Row))
        {
            denoiser.Row(row.Key, mean, sd);
            foreach (var at in row)
            {
                moments[at] = (mean[cells[at].Column], sd[cells[at].Column]);
            }
        }

        RecordWriter.WriteAll(outPath, format, ["row", "column", "mean", "sd"], records =>
        {
            for (var at = 0; at < moments.Length; at++)
            {
                records.Write(cells[at].RowName, cells[at].ColumnName, moments[at].Mean, moments[at].Sd);
            }
        });
        return ExitCode.Done;
    }
}
