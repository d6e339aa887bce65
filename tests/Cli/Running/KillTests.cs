using System.Diagnostics;
using FitCluster.Models.Tests;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Running;

/// <summary>The promise of the program: killed at any moment, the same command goes on, and ends with the same bits.</summary>
[Trait(Effort.Quick, "no")]
public sealed class KillTests : IDisposable
{
    private const int Kills = 21;
    private const int Interrupt = 2;
    private const int Terminate = 15;

    private readonly Scratch _scratch = new();

    [Fact]
    public void Killed_at_random_moments_a_fit_ends_with_the_bits_of_an_uninterrupted_one()
    {
        const int seed = 20261121;
        var random = new Random(seed);
        (string Data, string[] Options)[] fits =
        [
            (_scratch.Simulate("dense", 600, 80, 4), ["--shards", "3", "--factors", "5"]),
            (_scratch.Simulate("sparse", 800, 100, 3, "mtx", sparse: true), ["--shards", "4", "--factors", "4", "--transform", "log1p"]),
            (_scratch.Simulate("missing", 400, 60, 3, "csv", missing: 0.1), ["--shards", "2", "--factors", "4", "--variance", "column"]),
        ];
        var (kills, resumed) = (0, 0);
        foreach (var (data, options) in fits)
        {
            var started = Stopwatch.GetTimestamp();
            FitProgram.RunProcess(Arguments(data, "whole", options)).Expect(0);
            var whole = Stopwatch.GetElapsedTime(started);
            var expected = Scratch.Arrays(_scratch.At("whole"));
            Directory.Delete(_scratch.At("whole"), recursive: true);
            var most = Kills * (Array.FindIndex(fits, f => f.Data == data) + 1) / fits.Length;
            for (var repeat = 0; repeat < 10 && kills < most; repeat++)
            {
                // Kills until the fit has ended in spite of them; from the sixth on it is left alone.
                for (var tries = 0; ; tries++)
                {
                    var run = FitProgram.Start(Arguments(data, "killed", options));
                    var patience = tries < 6 ? whole * (0.15 + (0.8 * random.NextDouble())) : TimeSpan.FromMinutes(2);
                    if (!run.Process.WaitForExit(patience))
                    {
                        run.Process.Kill();
                        kills++;
                        FitProgram.Wait(run);
                        continue;
                    }

                    resumed += FitProgram.Wait(run).Expect(0).Error.Contains("resuming", StringComparison.Ordinal) ? 1 : 0;
                    break;
                }

                var actual = Scratch.Arrays(_scratch.At("killed"));
                Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
                Assert.All(expected, e => Assert.True(
                    e.Value.AsSpan().SequenceEqual(actual[e.Key]), $"{e.Key} of {data} differs (seed {seed}, repeat {repeat})"));
                Directory.Delete(_scratch.At("killed"), recursive: true);
            }
        }

        Assert.True(kills >= Kills - 1, $"only {kills} kills hit a running fit (seed {seed})");
        Assert.True(resumed > 0, $"no run went on from a checkpoint (seed {seed})");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_damaged_newest_checkpoint_is_named_and_the_one_before_is_used(bool truncate)
    {
        var data = _scratch.Simulate("d", 3000, 100, 5);
        string[] options = ["--shards", "2", "--factors", "8", "--tolerance", "1e-4", "--checkpoint-rounds", "3"];
        var run = FitProgram.Start(Arguments(data, "out", options));
        // Two whole checkpoints of rounds that have every shard's part.
        while (Checkpoints().Count < 3 && !run.Process.HasExited)
        {
            Thread.Sleep(5);
        }

        Assert.False(run.Process.HasExited, "the fit was over before it could be killed");
        run.Process.Kill();
        FitProgram.Wait(run);
        var newest = Checkpoints()[^1];
        var part = Directory.GetFiles(newest, "part-00001.*.npz")[0];
        var bytes = File.ReadAllBytes(part);
        bytes[bytes.Length / 2] ^= 4;
        File.WriteAllBytes(part, truncate ? bytes[..(bytes.Length / 2)] : bytes);
        var ran = Fit(data, "out", options).Expect(0);
        Assert.Contains(Path.GetFileName(newest), ran.Error, StringComparison.Ordinal);
        Assert.Contains("resuming", ran.Error, StringComparison.Ordinal);
        Fit(data, "whole", options).Expect(0);
        Assert.Equal(Scratch.Arrays(_scratch.At("whole")), Scratch.Arrays(_scratch.At("out")));
    }

    [Theory]
    [InlineData(Interrupt)]
    [InlineData(Terminate)]
    public void An_interrupted_fit_says_how_to_go_on_and_goes_on_to_the_same_bits(int signal)
    {
        var data = _scratch.Simulate("d", 3000, 100, 5);
        string[] options = ["--shards", "2", "--factors", "8", "--tolerance", "1e-4"];
        var run = FitProgram.Start(Arguments(data, "out", options));
        while (!(File.Exists(_scratch.At("out/run.log")) && new FileInfo(_scratch.At("out/run.log")).Length > 100) &&
            !run.Process.HasExited)
        {
            Thread.Sleep(5);
        }

        Assert.False(run.Process.HasExited, "the fit was over before it could be interrupted");
        FitProgram.Signal(run.Process, signal);
        var interrupted = FitProgram.Wait(run).Expect(130);
        Assert.Contains("the same command goes on from there", interrupted.Error, StringComparison.Ordinal);
        Assert.Equal("interrupted", Scratch.Json(_scratch.At("out/fit.json")).GetProperty("status").GetString());
        var ran = Fit(data, "out", options).Expect(0);
        Assert.Contains("holds an unfinished run", ran.Error, StringComparison.Ordinal);
        Assert.Contains("resuming", ran.Error, StringComparison.Ordinal);
        Fit(data, "whole", options).Expect(0);
        Assert.Equal(Scratch.Arrays(_scratch.At("whole")), Scratch.Arrays(_scratch.At("out")));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    public void An_interruption_while_data_are_read_ends_with_130(int signal)
    {
        // Nobody writes into the pipe: the program waits for its data.
        FitProgram.Wait(FitProgram.StartOther("mkfifo", _scratch.At("data.csv"))).Expect(0);
        var run = FitProgram.Start("fit", "ebmf", "--data", _scratch.At("data.csv"), "--out", _scratch.At("none"));
        Thread.Sleep(1500);
        FitProgram.Signal(run.Process, signal);
        Assert.Contains("interrupted", FitProgram.Wait(run).Expect(130).Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch.At("none")));
    }

    [Fact]
    public void Two_processes_do_not_work_in_one_folder()
    {
        var data = _scratch.Simulate("d", 3000, 100, 5);
        var run = FitProgram.Start(Arguments(data, "out", ["--tolerance", "1e-4"]));
        while (!File.Exists(_scratch.At("out/run.json")) && !run.Process.HasExited)
        {
            Thread.Sleep(5);
        }

        FitProgram.RunProcess(Arguments(data, "out", ["--tolerance", "1e-4"])).ExpectBadInput("another fitcluster works in");
        run.Process.Kill();
        FitProgram.Wait(run);
    }

    [Fact]
    public void A_full_disk_ends_with_one_sentence_and_no_half_written_result()
    {
        var data = _scratch.Simulate("d", 600, 60, 3);
        // Files beyond 4 KiB cannot be written: as on a full disk, but for the words of the system.
        var program = string.Join(' ', Arguments(data, "out", ["--factors", "3"]).Prepend(FitProgram.Path).Select(a => $"'{a}'"));
        var ran = FitProgram.Wait(
            FitProgram.StartOther("bash", "-c", $"trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0; ulimit -f 4; exec {program}"));
        Assert.Equal(1, ran.ExitCode);
        Assert.Single(ran.Error.Split('\n'), l => l.StartsWith("fitcluster:", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", ran.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_scratch.At("out"), "*.npy"));
        Assert.Empty(Directory.GetFiles(_scratch.At("out"), "*.tmp"));
        // The disk is mended: the same command goes on.
        Fit(data, "out", ["--factors", "3"]).Expect(0);
        Fit(data, "whole", ["--factors", "3"]).Expect(0);
        Assert.Equal(Scratch.Arrays(_scratch.At("whole")), Scratch.Arrays(_scratch.At("out")));
    }

    public void Dispose() => _scratch.Dispose();

    private List<string> Checkpoints() => !Directory.Exists(_scratch.At("out/checkpoints")) ? [] :
        [.. Directory.GetFiles(_scratch.At("out/checkpoints"), "manifest.json", SearchOption.AllDirectories)
            .Select(f => Path.GetDirectoryName(f)!).Order(StringComparer.Ordinal)];

    private FitProgram.Ran Fit(string data, string folder, string[] options) => FitProgram.Run(Arguments(data, folder, options));

    private string[] Arguments(string data, string folder, string[] options)
    {
        string[] often = options.Contains("--checkpoint-rounds") ? [] : ["--checkpoint-rounds", "4"];
        return ["fit", "ebmf", "--data", data, "--out", _scratch.At(folder), "--progress", "none", .. options, .. often];
    }
}
