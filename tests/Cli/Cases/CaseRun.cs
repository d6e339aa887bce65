using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FitCluster.Data;
using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Cases;

/// <summary>
/// A case of ../shared/cases, run in a copy of its folder: beside that lies the data folder of ../shared, as beside the original.
/// </summary>
internal sealed class CaseRun : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private readonly string _root = Directory.CreateTempSubdirectory("fitcluster-case-").FullName;

    /// <summary>Runs it.</summary>
    /// <param name="folder">The folder of the case.</param>
    /// <param name="shorten">Changes its commands.</param>
    public CaseRun(string folder, Func<string, string>? shorten)
    {
        Folder = Path.Combine(_root, "cases", Path.GetFileName(folder));
        Copy(folder, Folder);
        Directory.CreateSymbolicLink(Path.Combine(_root, "data"), Path.Combine(Path.GetDirectoryName(folder)!, "..", "data"));
        if (shorten is not null)
        {
            File.WriteAllText(At("cmd"), shorten(File.ReadAllText(At("cmd"))));
        }

        var info = new ProcessStartInfo("bash", ["./cmd"])
        {
            WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        info.Environment["FC"] = FitProgram.Path;
        var started = new FitProgram.Started(Process.Start(info)!);
        using var process = started.Process;
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"the case did not end in time; it said: {started.Output}{started.Error}");
        }

        process.WaitForExit();
        (ExitCode, Output, Error) = (process.ExitCode, started.Output.ToString(), started.Error.ToString());
    }

    /// <summary>The copy of its folder.</summary>
    public string Folder { get; }

    /// <summary>The exit code of its last command.</summary>
    public int ExitCode { get; }

    /// <summary>What came on stdout.</summary>
    public string Output { get; }

    /// <summary>What came on stderr.</summary>
    public string Error { get; }

    /// <summary>The exit codes that it prints, as in "rc=0".</summary>
    public int[] Codes => [.. Regex.Matches(Output, "^rc=([0-9]+)$", RegexOptions.Multiline).Select(m => Whole(m.Groups[1].Value))];

    public string At(string name) => Path.Combine(Folder, name);

    public JsonElement Json(string name) => Scratch.Json(At(name));

    /// <summary>An array of a fit.</summary>
    public double[] Array(string name) => DenseArray.Read(At(name)).Values;

    /// <summary>The numbers behind the places that a pattern finds on stdout.</summary>
    public double[] Numbers(string pattern) =>
        [.. Regex.Matches(Output, pattern).Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];

    /// <summary>The result of ebnm for the case's z.csv.</summary>
    public JsonElement Ebnm(params string[] options)
    {
        FitProgram.Run(["ebnm", "--input", At("z.csv"), "--out", At("ours.json"), .. options]);
        return Json("ours.json");
    }

    /// <summary>Nothing unexpected happened.</summary>
    public CaseRun IsSound()
    {
        Assert.DoesNotContain("unexpected", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        return this;
    }

    /// <summary>Its last command ends with one of these codes, and says all these words.</summary>
    public void Ends(int code, params string[] words)
    {
        Assert.True(code == IsSound().ExitCode, $"exit code {ExitCode}: {Error}");
        Says(words);
    }

    /// <summary>Says all these words, on either stream.</summary>
    public void Says(params string[] words)
    {
        foreach (var word in words)
        {
            Assert.Contains(word, Output + Error, StringComparison.Ordinal);
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            var target = Path.Combine(to, entry.Name);
            if (entry is DirectoryInfo)
            {
                Copy(entry.FullName, target);
            }
            else
            {
                File.Copy(entry.FullName, target);
            }
        }
    }
}
