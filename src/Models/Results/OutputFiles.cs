using FitCluster.Data;
using FitCluster.Data.Writing;

namespace FitCluster.Models.Results;

/// <summary>Single files that a user named: their folder must exist, and failures are bad input.</summary>
internal static class OutputFiles
{
    /// <summary>Refuses, before any work is done, a path that cannot be written to.</summary>
    public static void CheckWritable(string path)
    {
        var place = Look(path);
        if (Path.GetFileName(path) == "-" && place.Kind == FileKind.None)
        {
            throw ProblemException.BadInput("the output '-' is no file; standard output is /dev/stdout");
        }

        if (place.Refusal is { } why)
        {
            throw ProblemException.BadInput($"the output '{path}' cannot be written: {why}; give a file");
        }

        if (place.IsWrittenTo)
        {
            return;
        }

        var folder = Path.GetDirectoryName(place.Target);
        if (folder is null || !Directory.Exists(folder))
        {
            throw ProblemException.BadInput($"the folder '{folder}' of the output '{path}' does not exist");
        }

        CheckFolder(folder, $"the output '{path}'");
    }

    /// <summary>Refuses a folder in which no files can be made.</summary>
    /// <param name="folder">The folder, which is there.</param>
    /// <param name="what">What is to be made in it, in words.</param>
    public static void CheckFolder(string folder, string what)
    {
        var probe = Path.Combine(folder, $".fitcluster-probe.{Environment.ProcessId}.tmp");
        try
        {
            File.WriteAllBytes(probe, []);
        }
        catch (Exception e) when (IsFailure(e))
        {
            // What the system says names the probe, of which nobody knows.
            var why = Reason(e).Replace($" to the path '{probe}'", "", StringComparison.Ordinal)
                .Replace($" '{probe}'", "", StringComparison.Ordinal);
            throw ProblemException.BadInput(
                $"{what} cannot be written, as no file can be made in the folder '{folder}' ({why})", e);
        }
        finally
        {
            TryDelete(probe);
        }
    }

    /// <summary>Whether a path that results were written to is standard output, which then has nothing else.</summary>
    public static bool AreOnStandardOutput(string path) => Look(path).IsStandardOutput;

    /// <summary>Writes a whole file, or nothing.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        try
        {
            using var file = new AtomicFile(path);
            write(file.Stream);
            file.Commit();
        }
        catch (Exception e) when (IsFailure(e))
        {
            var rest = Look(path).IsWrittenTo ? "" : ", nothing of it is left";
            throw new ProblemException(ExitCode.Failed, $"'{path}' could not be written{rest}: {Reason(e)}", e);
        }
    }

    private static OutputPath Look(string path)
    {
        try
        {
            return OutputPath.Of(path);
        }
        catch (IOException e)
        {
            throw ProblemException.BadInput($"the output cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Deletes a file if it can be.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (IsFailure(e))
        {
            // A leftover, not a result: names that start with a dot are passed over by whoever reads the folder.
        }
    }

    /// <summary>
    /// Whether an exception is of the file system. A file beyond the size that the user may write (a quota, EFBIG) comes as an
    /// <see cref="ArgumentOutOfRangeException"/> out of .NET's own writing.
    /// </summary>
    public static bool IsFailure(Exception e) => e is IOException or UnauthorizedAccessException ||
        (e is ArgumentOutOfRangeException && e.StackTrace?.Contains("System.IO.RandomAccess", StringComparison.Ordinal) == true);

    /// <summary>What the system says of a failure, without the path it repeats and the full stop.</summary>
    public static string Reason(Exception e)
    {
        var message = e.Message.ReplaceLineEndings(" ").Replace(" (Parameter 'value')", "", StringComparison.Ordinal).TrimEnd('.');
        var at = message.LastIndexOf(" : ", StringComparison.Ordinal);
        return at < 0 ? message : message[..at];
    }
}
