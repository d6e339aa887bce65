using FitCluster.Cli.Output;
using FitCluster.Cli.Verbs;
using FitCluster.Models;
using FitCluster.Models.Results;

namespace FitCluster.Cli;

/// <summary>The program <c>fitcluster</c>: parses, runs a verb, and turns what went wrong into a sentence and an exit code.</summary>
public static class Program
{
    /// <summary>Runs a command within this process, writing to these; returns its exit code. Several may run at once.</summary>
    public static int Run(string[] arguments, Stream output, Stream error)
    {
        Terminal.Use(output, error);
        return Invoke(arguments);
    }

    /// <summary>
    /// Runs a command; returns its exit code. What a program with models of its own calls, once it has
    /// added them (<see cref="ModelKinds.Add"/>).
    /// </summary>
    public static int Main(string[] arguments)
    {
        Terminal.UseProcess();
        using var interruption = new Interruption();
        return Invoke(arguments);
    }

    private static int Invoke(string[] arguments)
    {
        using var inputs = Data.InputFiles.Spooling();
        try
        {
            return CommandLine.Run(arguments);
        }
        catch (ProblemException e)
        {
            Terminal.Error.WriteLine(Data.InputFiles.Named(e.Problems.Count == 1
                ? $"fitcluster: {e.Problems[0]}"
                : $"fitcluster: {e.Problems.Count} problems:\n  {string.Join("\n  ", e.Problems)}"));
            return e.ExitCode;
        }
        catch (StandardOutputException e)
        {
            Terminal.Error.WriteLine(
                $"fitcluster: {e.Message}{(Terminal.ResultsAreIn is { } place ? $"; the results are in '{place}'" : "")}");
            return ExitCode.Failed;
        }
        catch (Data.DataException e)
        {
            Terminal.Error.WriteLine($"fitcluster: {Data.InputFiles.Named(e.Message)}");
            return ExitCode.BadInput;
        }
        catch (OutOfMemoryException)
        {
            Terminal.Error.WriteLine(
                "fitcluster: there is not enough memory; run 'fitcluster check' for an estimate, and 'ingest' the data into a store " +
                "that is mapped");
            return ExitCode.Failed;
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            Terminal.Error.WriteLine($"fitcluster: {e.Message}");
            return ExitCode.Failed;
        }
        catch (Exception e)
        {
            var place = e.StackTrace?.Split('\n', 2)[0].Trim();
            Terminal.Error.WriteLine(
                $"fitcluster: unexpected {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")} ({place}); please report this");
            return ExitCode.Failed;
        }
    }
}
