using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace FitCluster.Cli.Tests;

/// <summary>The program as built in src/Cli, in a process of its own.</summary>
internal static partial class FitProgram
{
    private const int LimitMilliseconds = 120_000;

    public static string Path { get; } = Find("src", "Cli", "fitcluster");

    /// <summary>The program with a model of its own (tests/OwnModel).</summary>
    public static string OwnPath { get; } = Find("tests", "OwnModel", "own-model");

    /// <summary>Runs it to its end.</summary>
    public static Ran RunProcess(params string[] arguments) => Wait(Start(arguments), arguments);

    /// <summary>Runs the program with a model of its own to its end.</summary>
    public static Ran RunOwn(params string[] arguments) => Wait(StartOther(OwnPath, arguments), arguments);

    /// <summary>Starts it.</summary>
    public static Started Start(params string[] arguments) => StartOther(Path, arguments);

    /// <summary>Starts another program.</summary>
    public static Started StartOther(string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        return new Started(Process.Start(info)!);
    }

    public static Ran Wait(Started started, params string[] arguments)
    {
        using var process = started.Process;
        if (!process.WaitForExit(LimitMilliseconds))
        {
            process.Kill();
            Assert.Fail($"fitcluster {string.Join(' ', arguments)} did not end in time; it said: {started.Error}");
        }

        process.WaitForExit();
        return new Ran(process.ExitCode, started.Output.ToString(), started.Error.ToString());
    }

    /// <summary>Sends a signal.</summary>
    public static void Signal(Process process, int signal) => Assert.Equal(0, Kill(process.Id, signal));

    private static string Find(string folder, string project, string name)
    {
        // .../tests/Cli/bin/Release/net10.0
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var (framework, configuration) = (here.Name, here.Parent!.Name);
        var root = here.Parent.Parent!.Parent!.Parent!.Parent!.FullName;
        return System.IO.Path.Combine(root, folder, project, "bin", configuration, framework, name);
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);

    /// <summary>A run that has ended.</summary>
    public sealed record Ran(int ExitCode, string Output, string Error)
    {
        public Ran Expect(int exitCode)
        {
            Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, not {exitCode}; stderr: {Error}; stdout: {Output}");
            return this;
        }

        /// <summary>Bad input: exit code 2, a sentence, no stack trace.</summary>
        public Ran ExpectBadInput(params string[] words)
        {
            Expect(2);
            Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
            Assert.DoesNotContain("unexpected", Error, StringComparison.Ordinal);
            foreach (var word in words)
            {
                Assert.Contains(word, Error, StringComparison.Ordinal);
            }

            return this;
        }
    }

    /// <summary>A run that goes on.</summary>
    public sealed class Started
    {
        public Started(Process process)
        {
            Process = process;
            process.OutputDataReceived += (_, e) => Append(Output, e.Data);
            process.ErrorDataReceived += (_, e) => Append(Error, e.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public Process Process { get; }

        public StringBuilder Output { get; } = new();

        public StringBuilder Error { get; } = new();

        private static void Append(StringBuilder to, string? line)
        {
            if (line is not null)
            {
                lock (to)
                {
                    to.Append(line).Append('\n');
                }
            }
        }
    }
}
