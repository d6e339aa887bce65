using FitCluster.Cli.Verbs;
using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Models;
using FitCluster.Models.Tests;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>
/// No verb replaces what it is pointed at: devices and pipes are written to, links are followed, what cannot be written is refused.
/// </summary>
[Trait(Effort.Quick, "no")]
public sealed class OutputPathTests : IDisposable
{
    private const string Pca = "--set ebmf.greedy=true --factors 1 --max-rounds 5 --progress none";

    /// <summary>The options that name a file which is written, with a command that writes it.</summary>
    private static readonly Dictionary<string, string> Files = new()
    {
        ["ebnm --out"] = "ebnm --input z.csv --family normal --out OUT",
        ["predict --out"] = "predict fit --cells cells.tsv --out OUT",
        ["recommend --out"] = "recommend twin --row r1 --top 1 --out OUT",
        ["report --out"] = "report fit --out OUT",
    };

    /// <summary>The options that name a folder which is filled, with a command that fills it, and a file that is in it then.</summary>
    private static readonly Dictionary<string, (string Command, string File)> Folders = new()
    {
        ["fit --out"] = ($"fit ebmf --data small.csv {Pca} --report --out OUT", "report.html"),
        ["simulate --out"] = ("simulate ebmf --rows 5 --columns 4 --factors 1 --out OUT", "truth.json"),
        ["ingest --out"] = ("ingest small.csv --overwrite --out OUT", "store.json"),
        ["project --out"] = ("project fit --data small.csv --progress none --out OUT", "fit.json"),
    };

    /// <summary>The same, where the command takes a cluster or a minute: that they write in the same way is seen in their source.</summary>
    private static readonly string[] Elsewhere = ["results --out", "demo --out", "compare --out"];

    /// <summary>What is only looked at, or refused.</summary>
    private static readonly string[] Unwritten = ["check --out", "submit --out"];

    /// <summary>Paths that are read.</summary>
    private static readonly string[] Inputs =
    [
        "--data", "--from", "--input", "--prior", "--cells", "--rows", "--store", "--tls", "--loadings-prior", "--factors-prior",
        "--reference",
    ];

    private readonly Scratch _scratch = new();

    public OutputPathTests()
    {
        _scratch.Csv();
        _scratch.File("z.csv", "x,s\n1,1\n2,1\n-3,1\n");
        _scratch.File("cells.tsv", "row\tcolumn\nr1\tc1\n");
    }

    public static TheoryData<string> FileOptions => [.. Files.Keys];

    public static TheoryData<string> FolderOptions => [.. Folders.Keys];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Every_option_that_names_a_file_or_a_folder_is_listed_here()
    {
        string[] words = ["FILE", "DIR", "STORE", "PATH", "FOLDER"];
        var found = CommandLine.Root().Subcommands.SelectMany(verb => verb.Options.Select(option => (Verb: verb, Option: option)))
            .Where(one => words.Any(word => one.Option.HelpName?.Contains(word, StringComparison.Ordinal) == true) ||
                one.Option.Name.Contains("out", StringComparison.Ordinal))
            .Where(one => !Inputs.Contains(one.Option.Name) && one.Option.Name != "--timeout")
            .Select(one => $"{one.Verb.Name} {one.Option.Name}").Order(StringComparer.Ordinal);
        Assert.Equal([.. Files.Keys.Concat(Folders.Keys).Concat(Elsewhere).Concat(Unwritten).Order(StringComparer.Ordinal)], found);

        // And of a spec's fields that take a path: all of them are read.
        var fields = ModelKinds.Loaded
            .SelectMany(kind => kind.Fields.Fields.Select(field => $"{kind.Name}.{field.Name}: {field.TypeWords}"))
            .Where(words => words.Contains("file", StringComparison.Ordinal) || words.Contains("folder", StringComparison.Ordinal))
            .Select(words => words.Split(':')[0]);
        Assert.Equal(["ebmf.standardErrors", "ebmf.init", "ebmf.fixedFactors", "twineb.split"], fields);
    }

    [Theory]
    [MemberData(nameof(FileOptions))]
    public async Task A_file_that_is_a_link_a_pipe_or_a_device_stays_one(string option)
    {
        Prepare();
        var command = Files[option];
        File.CreateSymbolicLink(_scratch.At("link"), "target");
        Run(command, "link").Expect(0);
        Assert.Equal("target", new FileInfo(_scratch.At("link")).LinkTarget);
        var whole = await File.ReadAllTextAsync(_scratch.At("target"), TestContext.Current.CancellationToken);
        Assert.NotEmpty(whole);

        var pipe = SpecialFiles.Pipe(_scratch.At("pipe"));
        var read = SpecialFiles.Read(pipe);
        Run(command, "pipe").Expect(0);
        Assert.Equal(whole.Length, (await read).Length);
        Assert.Equal(FileKind.Pipe, FileKinds.Of(pipe));

        Run(command, "").ExpectBadInput("is a folder");
        using var socket = SpecialFiles.Socket(_scratch.At("s"));
        Run(command, "s").ExpectBadInput("is a socket");
        Run(command, "nowhere/file").ExpectBadInput("does not exist");
        Assert.Empty(Directory.GetFiles(_scratch.Root, "*.tmp"));

        var device = SpecialFiles.Null(_scratch.At("null"));
        Run(command, "null").Expect(0);
        Assert.Equal(FileKind.Device, FileKinds.Of(device));
    }

    [Theory]
    [MemberData(nameof(FolderOptions))]
    public void A_folder_that_is_a_link_stays_one_and_what_is_no_folder_is_refused(string option)
    {
        Prepare();
        var (command, file) = Folders[option];
        Directory.CreateSymbolicLink(_scratch.At("link"), "target");
        for (var times = 0; times < 2; times++)
        {
            // First the target is made, then it is there.
            Run(command, "link").Expect(option == "fit --out" ? 3 : 0);
            Assert.Equal("target", new FileInfo(_scratch.At("link")).LinkTarget);
            Assert.True(File.Exists(_scratch.At($"target/{file}")));
            if (option != "fit --out")
            {
                OutputFolder.Empty(_scratch.At("target"));
            }
        }

        SpecialFiles.Pipe(_scratch.At("pipe"));
        Run(command, "pipe").ExpectBadInput("is a pipe");
        Run(command, "z.csv").ExpectBadInput("is a file");
        SpecialFiles.Null(_scratch.At("null"));
        Run(command, "null").ExpectBadInput("is a device");
        Run(command, "null/below").ExpectBadInput("is a device");
        Assert.Equal(FileKind.Device, FileKinds.Of(_scratch.At("null")));
    }

    [Fact]
    public void In_the_folder_of_a_fit_links_and_devices_stay_and_so_does_a_folder_of_checkpoints_elsewhere()
    {
        Directory.CreateDirectory(_scratch.At("o"));
        Directory.CreateDirectory(_scratch.At("fast"));
        Directory.CreateSymbolicLink(_scratch.At("o/checkpoints"), _scratch.At("fast"));
        File.CreateSymbolicLink(_scratch.At("o/fit.json"), _scratch.At("elsewhere.json"));
        SpecialFiles.Null(_scratch.At("o/trace.csv"));
        for (var times = 0; times < 2; times++)
        {
            Run("fit ebmf --data small.csv --factors 1 --progress none --fresh --out OUT", "o").Expect(0);
            Assert.Equal(_scratch.At("fast"), new FileInfo(_scratch.At("o/checkpoints")).LinkTarget);
            Assert.Empty(Directory.GetFileSystemEntries(_scratch.At("fast")));
            Assert.Equal("converged", Scratch.Json(_scratch.At("elsewhere.json")).GetProperty("status").GetString());
            Assert.Equal(FileKind.Device, FileKinds.Of(_scratch.At("o/trace.csv")));
        }

        Run("fit ebmf --data small.csv --factors 1 --max-rounds 3 --progress none --fresh --out OUT", "o").Expect(3);
        Assert.NotEmpty(Directory.GetFileSystemEntries(_scratch.At("fast")));
        Run("fit ebmf --data small.csv --factors 1 --progress none --out OUT", "o").Expect(0);
    }

    private void Prepare()
    {
        FitProgram.Run("fit", "ebmf", "--data", _scratch.At("small.csv"), "--factors", "1", "--progress", "none", "--out",
            _scratch.At("fit")).Expect(0);
        var counts = _scratch.File("counts.csv", "name,c1,c2,c3\nr1,1,2,3\nr2,3,1,4\nr3,5,6,2\nr4,1,0,9\n");
        FitProgram.Run("fit", "twineb", "--data", counts, "--factors", "1", "--max-rounds", "3", "--progress", "none", "--out",
            _scratch.At("twin"));
    }

    private FitProgram.Ran Run(string command, string to)
    {
        string[] inputs = ["z.csv", "cells.tsv", "small.csv", "fit", "twin"];
        var words = command.Split(' ');
        return FitProgram.Run([.. words.Select((word, at) =>
            word == "OUT" ? _scratch.At(to) : at > 0 && inputs.Contains(word) ? _scratch.At(word) : word)]);
    }
}
