using FitCluster.Cli.Verbs;
using FitCluster.Models;
using FitCluster.Models.Results;

namespace FitCluster.Cli;

/// <summary>The program <c>fitcluster</c>: parses, runs a verb, and turns what went wrong into a sentence and an exit code.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        using var interruption = new Interruption();
        try
        {
            return CommandLine.Run(arguments);
        }
        catch (ProblemException e)
        {
            Console.Error.WriteLine(e.Problems.Count == 1
                ? $"fitcluster: {e.Problems[0]}"
                : $"fitcluster: {e.Problems.Count} problems:\n  {string.Join("\n  ", e.Problems)}");
            return e.ExitCode;
        }
        catch (Data.DataException e)
        {
            Console.Error.WriteLine($"fitcluster: {e.Message}");
            return ExitCode.BadInput;
        }
        catch (OutOfMemoryException)
        {
            Console.Error.WriteLine("fitcluster: there is not enough memory; run 'fitcluster check' for an estimate, and 'ingest' the data into a store that is mapped");
            return ExitCode.Failed;
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            Console.Error.WriteLine($"fitcluster: {e.Message}");
            return ExitCode.Failed;
        }
        catch (Exception e)
        {
            var place = e.StackTrace?.Split('\n', 2)[0].Trim();
            Console.Error.WriteLine($"fitcluster: unexpected {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")} ({place}); please report this");
            return ExitCode.Failed;
        }
    }
}
