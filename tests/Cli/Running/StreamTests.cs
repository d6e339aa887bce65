using System.Diagnostics;
using FitCluster.Models.Tests;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Running;

/// <summary>What a shell may do to the streams and signals of a process, and what comes in through them.</summary>
[Trait(Effort.Quick, "no")]
public sealed class StreamTests : IDisposable
{
    private const string Fit = "$FC fit ebmf --data small.csv --factors 1 --out o --fresh";
    private readonly Scratch _scratch = new();

    public StreamTests() => _scratch.Csv();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("2>&-")]
    [InlineData("<&- 2>&-")]
    [InlineData("--progress plain 2>/dev/full")]
    [InlineData("--progress bar 2>/dev/full")]
    [InlineData("--progress plain 2> >(true)")]
    public void A_stderr_that_cannot_be_written_costs_a_fit_nothing(string how)
    {
        Assert.Contains("converged", Shell($"{Fit} {how}").Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal("converged", Scratch.Json(_scratch.At("o/fit.json")).GetProperty("status").GetString());
        Assert.NotEmpty(Scratch.Arrays(_scratch.At("o")));
    }

    [Fact]
    public void The_exit_code_is_that_of_the_fit_where_nobody_can_be_told()
    {
        Shell($"{Fit} --max-rounds 2 2>/dev/full").Expect(3);
        Shell("$FC fit ebmf --data nothing.csv --out p 2>&-").Expect(2);
    }

    [Theory]
    [InlineData(">/dev/full", "No space left on device")]
    [InlineData(">&-", "it is closed")]
    public void A_stdout_that_cannot_be_written_is_named_and_where_the_results_are(string how, string reason)
    {
        var ran = Shell($"{Fit} {how}").Expect(1);
        Assert.Contains(
            $"fitcluster: standard output could not be written: {reason}; the results are in '{_scratch.At("o")}'", ran.Error,
            StringComparison.Ordinal);
        Assert.Equal("converged", Scratch.Json(_scratch.At("o/fit.json")).GetProperty("status").GetString());
        Assert.Contains(reason, Shell($"$FC --help {how}").Expect(1).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_that_has_seen_enough_ends_it_in_silence()
    {
        var ran = Shell("set -o pipefail; $FC --help | head -n 1").Expect(0);
        Assert.Equal((1, ""), (ran.Output.Count(c => c == '\n'), ran.Error));
    }

    [Fact]
    public void A_hang_up_ends_a_fit_with_a_checkpoint_unless_it_is_ignored()
    {
        var data = _scratch.Simulate("sim", 800, 100, 8);
        string Command(string name) => $"$FC fit ebmf --data {data} --factors 8 --loadings-prior horseshoe --tolerance 1e-13 " +
            $"--max-seconds 4 --progress none --out {name}";
        var hung = Shell($"trap - HUP; {Command("a")} & p=$!; {Until("a")}; kill -HUP $p; kill -HUP $p; wait $p").Expect(130);
        Assert.Contains("a checkpoint is written", hung.Error, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(_scratch.At("a/checkpoints"), "manifest.json", SearchOption.AllDirectories));
        var ignored = Shell($"trap '' HUP; {Command("b")} & p=$!; {Until("b")}; kill -HUP $p; wait $p");
        Assert.True(ignored.ExitCode is 0 or 3, ignored.Error);

        // It is running when it has written a round.
        static string Until(string name) => $"until grep -q ^R {name}/run.log 2>/dev/null; do sleep 0.05; done";
    }

    [Fact]
    public void Data_come_through_pipes_and_are_gone_on_with()
    {
        _scratch.File("s.csv", "0.5\n0.5\n0.5\n0.5\n0.5\n0.5\n");
        const string piped = "$FC fit ebmf --data <(cat small.csv) --factors 1 --variance known --set ebmf.standardErrors=<(cat s.csv) " +
            "--progress none --out o";
        Shell($"{piped} --max-rounds 2").Expect(3);
        Assert.Contains("going on with it", Shell(piped).Expect(0).Error, StringComparison.Ordinal);
        Shell(piped.Replace("<(cat ", "", StringComparison.Ordinal).Replace(".csv)", ".csv", StringComparison.Ordinal)
            .Replace("--out o", "--out p", StringComparison.Ordinal)).Expect(0);
        Assert.Equal(Scratch.Arrays(_scratch.At("p")), Scratch.Arrays(_scratch.At("o")));

        Assert.Equal(Shell("$FC predict p --cells cells.tsv"), Shell("cat cells.tsv | $FC predict p --cells /dev/stdin"));
        Shell("printf 'x,s\\n1,1\\n2,1\\n' | $FC ebnm --input /dev/stdin --family normal").Expect(0);
        Shell("printf 'x,s\\n1,1\\n2,1\\n' > z.csv; s='ebnm --input z.csv --family normal'; $FC $s --prior <($FC $s)").Expect(0);
        Assert.Contains(
            "/dev/stdin: \"x\" is not a number (line 2, column b)",
            Shell("printf 'n,a,b\\nr,1,x\\nq,1,2\\n' | $FC check ebmf --data /dev/stdin").Expect(2).Error, StringComparison.Ordinal);
        const string cluster = "--store postgres://localhost:1/x";
        Assert.Contains(
            "is a pipe, which can be read only once; give a file that every node of the cluster has",
            Shell($"cat small.csv | $FC submit ebmf --name j --data /dev/stdin {cluster}").Expect(2).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev/stdin")]
    [InlineData("/dev/fd/0")]
    public void A_stdin_that_is_closed_is_named_and_not_waited_for(string path)
    {
        var closed = $"fitcluster: {path} is closed; give a file, or a pipe that is open";
        Assert.StartsWith(closed, Shell($"$FC check ebmf --data {path} <&-").Expect(2).Error, StringComparison.Ordinal);
        Assert.StartsWith(closed, Shell($"$FC ebnm --input {path} --family normal <&-").Expect(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_spec_comes_through_a_pipe_and_its_paths_are_relative_to_the_current_folder()
    {
        Shell("printf 'model: ebmf\\ndata: {path: small.csv}\\nout: from_pipe\\nebmf: {maxFactors: 1}\\n' | $FC fit /dev/stdin").Expect(0);
        Assert.True(File.Exists(_scratch.At("from_pipe/fit.json")));
        Shell("printf '{\\n\\t\"model\": \"ebmf\",\\n\\t\"data\": {\"path\": \"small.csv\"}}' | $FC check /dev/stdin").Expect(0);
        Shell("printf 'model: ebmf\\ndata: {path: small.csv}\\nout: from_file' > job; $FC fit /dev/stdin < job").Expect(0);
        Assert.True(File.Exists(_scratch.At("from_file/fit.json")));
    }

    [Fact]
    public void A_copy_of_a_pipe_has_no_name_and_a_folder_without_room_for_it_is_named()
    {
        Directory.CreateDirectory(_scratch.At("tmp"));
        var data = _scratch.Simulate("sim", 400, 100, 3);
        Shell($"export TMPDIR=$PWD/tmp; $FC check ebmf --data <(cat {data}) --factors 1; ls -A tmp | grep -v dotnet; true").Expect(0);
        Assert.Empty(Directory.GetFiles(_scratch.At("tmp"), "fitcluster-*"));

        // Of files of at most 64 KiB there is none of 320 KB; .NET's own files for code are left out.
        const string limit = "ulimit -f 64; trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0 TMPDIR=$PWD/tmp";
        var full = Shell($"{limit}; $FC check ebmf --data <(cat {data})");
        Assert.Contains("set TMPDIR to a folder with room", full.Expect(2).Error, StringComparison.Ordinal);
    }

    /// <summary>Runs a line of bash in the folder; FC is the program.</summary>
    private FitProgram.Ran Shell(string line)
    {
        _scratch.File("cells.tsv", "row\tcolumn\nr1\tc1\n");
        var info = new ProcessStartInfo("bash", ["-c", line])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _scratch.Root,
        };
        info.Environment["FC"] = FitProgram.Path;
        return FitProgram.Wait(new FitProgram.Started(Process.Start(info)!), line);
    }
}
