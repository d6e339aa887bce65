using System.Globalization;
using System.CommandLine;
using FitCluster.Cli.Output;
using FitCluster.Data;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster ingest</c>: any input format to the chunked store that workers map into memory.</summary>
internal static class IngestVerb
{
    public static Command Create()
    {
        var path = new Argument<string>("PATH") { Description = "the data: any format that 'fit' reads, or its http(s) URL" };
        var output = Options.Text("--out", "STORE", "the folder of the store");
        var dataFormat = Options.Text("--data-format", "NAME", Options.DataFormatWords);
        var featureTypes = Options.Text("--feature-types", "LIST", Options.FeatureTypesWords);
        var transform = Options.Text("--transform", "NAME", "none, log1p or log1p-cp10k (default none)");
        var missing = Options.Text(
            "--missing", "WHICH", "entries that count as missing besides NA: none, zeros or unstored (default none)");
        var memory = Options.Text("--memory-mb", "N", "the memory for entries (default 1024)");
        var overwrite = Options.Switch("--overwrite", "replace a store that is there");
        var command = new Command("ingest",
            "Writes data of any format as a chunked store, which 'fit' maps into memory: for data larger than memory.")
        {
            path, output, dataFormat, featureTypes, transform, missing, memory, overwrite,
        };
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var overrides = new SpecOverrides();
            overrides.Add("path", result.GetValue(path), "PATH");
            overrides.Add("format", result.GetValue(dataFormat), dataFormat.Name);
            overrides.Add("featureTypes", result.GetValue(featureTypes), featureTypes.Name);
            overrides.Add("transform", result.GetValue(transform), transform.Name);
            overrides.Add("missing", result.GetValue(missing), missing.Name);
            overrides.Add("memory", result.GetValue(memory), memory.Name);
            var root = new MapNode([], new Origin("command line", 0));
            overrides.ApplyTo(root, problems);
            var section = new SectionReader(root, "", problems);
            var megabytes = section.Whole("memory", 1, 1 << 20) ?? 1024;
            var spec = DataSpecReader.Read(section, kind: null, root.Origin, Directory.GetCurrentDirectory(), problems);
            if (spec.Paths.Count > 0)
            {
                problems.Add($"ingest: PATH is a pattern of {spec.Paths.Count} files, and a store is made of one: 'fit' reads several as " +
                    "they are");
            }

            var store = result.GetValue(output);
            if (store is null)
            {
                problems.Add("ingest: --out STORE is missing");
            }

            problems.ThrowIfAny();
            return Run(spec, Path.GetFullPath(store!), megabytes << 20, result.GetValue(overwrite));
        });
        return command;
    }

    private static int Run(DataSpec spec, string store, long memoryBytes, bool overwrite)
    {
        FitFolder.CheckWritable(store);
        try
        {
            var data = MatrixStore.Ingest(DataOpener.Resolve(spec.Path), store, DataOpener.ToOptions(spec), memoryBytes, overwrite);
            foreach (var line in data.Facts.Lines())
            {
                Terminal.Error.WriteLine(line);
            }

            Terminal.ResultsAreIn = store;
            Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{data.Rows:N0} rows x {data.Columns:N0} columns, {data.StoredCount:N0} stored entries, {data.StoredBytes / 1e6:N1} " +
                $"MB, are in {store}"));
            Terminal.Out.WriteLine($"fit it:  fitcluster fit {ModelKinds.Names[0]} --data {store} --out DIR");
            return ExitCode.Done;
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            throw new ProblemException(
                ExitCode.Failed, $"the store '{store}' could not be written, nothing of it is left: {OutputFiles.Reason(e)}", e);
        }
    }
}
