using System.CommandLine;
using FitCluster.Cli.Output;
using FitCluster.Models;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster predict</c>: posterior predictive mean and standard deviation of given cells.</summary>
internal static class PredictVerb
{
    private static readonly string[] Fields = ["row", "column", "mean", "sd"];

    public static Command Create()
    {
        var fit = new Argument<string>("DIR") { Description = "the folder of a finished fit, or of projected rows" };
        var cells = Options.Text(
            "--cells", "FILE", "the cells: the fields row and column by name, below that header, separated by tabs or commas");
        var output = Options.Text("--out", "FILE", "where the predictions go (default: stdout)");
        var format = Options.Text("--format", "tsv|json", "the form of the predictions (default tsv)");
        var unknown = Options.Text(
            "--unknown", "POLICY", "cells of rows or columns that the fit does not have: refuse, skip or mean (default refuse)");
        var denoised = Options.Switch(
            "--denoised", "the counts that there were before some were lost, given those seen; without --cells all, as a .npy at --out");
        var command =
            new Command("predict", "Writes the posterior predictive mean and standard deviation of cells, the noise of an entry included.")
            {
                fit, cells, output, format, unknown, denoised
            };
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var (cellsPath, outPath) = (result.GetValue(cells), result.GetValue(output));
            if (result.GetValue(denoised))
            {
                var denoisedForm = DenoisedCells.Check(cellsPath, outPath, result.GetValue(format), result.GetValue(unknown), problems);
                problems.ThrowIfAny();
                return DenoisedCells.Run(result.GetValue(fit)!, cellsPath, outPath, denoisedForm);
            }

            if (cellsPath is null)
            {
                problems.Add("predict: --cells FILE is missing: a table with the fields row and column");
            }

            var form = RecordWriter.ParseFormat(result.GetValue(format), problems);
            var policy = UnknownPolicies.Parse(result.GetValue(unknown), problems);
            problems.ThrowIfAny();
            return Run(result.GetValue(fit)!, cellsPath!, outPath, form, policy);
        });
        return command;
    }

    private static int Run(string folder, string cellsPath, string? outPath, string format, UnknownPolicy unknown)
    {
        var fit = FinishedFit.Open(folder, Terminal.Error.WriteLine);
        var predicts = fit.As<IPredictsCells>();
        var cells = CellList.Read(cellsPath, fit, unknown, Terminal.Error.WriteLine);
        var predictor = new AveragePredictor(predicts.Predictor(withSd: true), fit.Rows.Names.Count, fit.Columns.Names.Count);
        if (outPath is not null)
        {
            OutputFiles.CheckWritable(outPath);
        }

        if (cells.Exists(cell => !cell.IsKnown))
        {
            Terminal.Error.WriteLine(unknown == UnknownPolicy.Skip
                ? $"{CellList.Words(cells)} are skipped: the fit does not have them"
                : $"{CellList.Words(cells)} are predicted as the mean of those that the fit has: it does not have them");
            cells.RemoveAll(cell => !cell.IsKnown && unknown == UnknownPolicy.Skip);
        }

        // Before anything is written: a cell may be refused.
        (double Mean, double Sd)[] moments = [.. cells.Select(cell => predictor.Of(cell.Row, cell.Column))];
        RecordWriter.WriteAll(outPath, format, Fields, records =>
        {
            for (var at = 0; at < moments.Length; at++)
            {
                records.Write(cells[at].RowName, cells[at].ColumnName, moments[at].Mean, moments[at].Sd);
            }
        });
        return ExitCode.Done;
    }
}
