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
        var command =
            new Command("predict", "Writes the posterior predictive mean and standard deviation of cells, the noise of an entry included.")
            {
                fit, cells, output, format
            };
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var (cellsPath, outPath) = (result.GetValue(cells), result.GetValue(output));
            if (cellsPath is null)
            {
                problems.Add("predict: --cells FILE is missing: a table with the fields row and column");
            }

            var form = RecordWriter.ParseFormat(result.GetValue(format), problems);
            problems.ThrowIfAny();
            return Run(result.GetValue(fit)!, cellsPath!, outPath, form);
        });
        return command;
    }

    private static int Run(string folder, string cellsPath, string? outPath, string format)
    {
        var fit = FinishedFit.Open(folder, Terminal.Error.WriteLine);
        var predicts = fit.As<IPredictsCells>();
        var cells = CellList.Read(cellsPath, fit);
        var predictor = predicts.Predictor(withSd: true);
        if (outPath is not null)
        {
            OutputFiles.CheckWritable(outPath);
        }

        // Before anything is written: a cell may be refused.
        double[] sd = [.. cells.Select(cell => predictor.Sd(cell.Row, cell.Column))];
        RecordWriter.WriteAll(outPath, format, Fields, records =>
        {
            for (var at = 0; at < sd.Length; at++)
            {
                var (row, column) = cells[at];
                records.Write(fit.Rows.Names[row], fit.Columns.Names[column], predictor.Mean(row, column), sd[at]);
            }
        });
        return ExitCode.Done;
    }
}
