using System.CommandLine;
using FitCluster.Cli.Output;
using FitCluster.Data;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster recommend</c>: for rows the columns of the highest predictive means that they have not seen.</summary>
internal static class RecommendVerb
{
    private const int DefaultTop = 10;

    // Rows that a thread takes at once, and columns that it keeps of them at most.
    private const int BlockRows = 1024;
    private const int MostKept = 1_000_000;
    private static readonly string[] Fields = ["row", "rank", "column", "mean"];

    public static Command Create()
    {
        var fit = new Argument<string>("DIR") { Description = "the folder of a finished fit, or of projected rows" };
        var row = Options.Many("--row", "NAME", "a row (may be given several times)");
        var rows = Options.Text("--rows", "FILE|all", "a file with a row a line, or all rows");
        var top = Options.Text("--top", "N", $"columns for each row (default {DefaultTop})");
        var data = Options.Text("--data", "PATH", "the data that say what a row has seen (default: those of the fit)");
        var output = Options.Text("--out", "FILE", "where the recommendations go (default: stdout)");
        var format = Options.Text("--format", "tsv|json", "their form (default tsv)");
        var threads = Options.Text("--threads", "N", "threads (default: all cores)");
        var command = new Command("recommend", "Writes, for each row, the columns of the highest predictive means that it has not seen.")
        {
            fit, row, rows, top, data, output, format, threads
        };
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var (names, file) = (result.GetValue(row) ?? [], result.GetValue(rows));
            if (names.Length > 0 == file is not null)
            {
                var what = file is null ? "a row: --row NAME, --rows FILE or --rows all" : "either --row or --rows, not both";
                problems.Add($"recommend: give {what}");
            }

            var count = Options.Integer(result, top, 1, 1_000_000, problems) ?? DefaultTop;
            var most = Options.Integer(result, threads, 1, 4096, problems) ?? Environment.ProcessorCount;
            var form = RecordWriter.ParseFormat(result.GetValue(format), problems);
            problems.ThrowIfAny();
            return Run(FinishedFit.Open(result.GetValue(fit)!, Terminal.Error.WriteLine), names, file, count, result.GetValue(data),
                result.GetValue(output), form, most);
        });
        return command;
    }

    private static int Run(
        FinishedFit fit, string[] names, string? file, int top, string? data, string? outPath, string format, int threads)
    {
        var recommends = fit.As<IRecommendsColumns>();
        var rows = file == "all"
            ? Enumerable.Range(0, fit.Rows.Names.Count)
            : file is null ? [.. names.Select(n => fit.Rows.Find(n, "--row: "))] : ReadRows(file, fit);
        if (outPath is not null)
        {
            OutputFiles.CheckWritable(outPath);
        }

        var predictor = recommends.Predictor(withSd: false);
        var seen = recommends.Seen(data);
        foreach (var row in rows)
        {
            seen.Check(row);
        }

        top = int.Min(top, fit.Columns.Names.Count);
        Recommender[] recommenders = [.. Enumerable.Range(0, threads).Select(
            _ => new Recommender(predictor, seen.ForAnotherThread(), top, fit.Columns.Names.Count))];
        RecordWriter.WriteAll(outPath, format, Fields, records =>
        {
            foreach (var block in rows.Chunk(int.Clamp(MostKept / top, 1, BlockRows) * threads))
            {
                var found = new (int Column, double Score)[block.Length][];

                // Each thread takes rows that follow each other, since data are read in blocks of them.
                InParallel.For(threads, threads, t =>
                {
                    for (var at = (int)((long)block.Length * t / threads); at < (int)((long)block.Length * (t + 1) / threads); at++)
                    {
                        found[at] = recommenders[t].Best(block[at]);
                    }
                });
                for (var at = 0; at < block.Length; at++)
                {
                    for (var rank = 0; rank < found[at].Length; rank++)
                    {
                        records.Write(
                            fit.Rows.Names[block[at]], rank + 1, fit.Columns.Names[found[at][rank].Column], found[at][rank].Score);
                    }
                }
            }
        });
        return ExitCode.Done;
    }

    /// <summary>A row a line; the header of rows.tsv is passed over.</summary>
    private static List<int> ReadRows(string file, FinishedFit fit)
    {
        if (FileKinds.Of(file) == FileKind.None)
        {
            throw ProblemException.BadInput($"the file '{file}' of --rows does not exist{InputFiles.AdviceOnAbsent(file)}, or give all");
        }

        var list = TextTable.OpenList(InputFiles.FindFile(file));
        foreach (var note in list.Notes)
        {
            Terminal.Error.WriteLine(note);
        }

        var rows = new List<int>();
        foreach (var (line, fields) in list.Lines())
        {
            if (line > 1 || fields[0] != "name")
            {
                rows.Add(fit.Rows.Find(fields[0], FormattableString.Invariant($"{file}:{line}: ")));
            }
        }

        return rows.Count > 0 ? rows : throw ProblemException.BadInput($"{file} names no row: give one a line");
    }
}
