using System.Text.Json;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>attempt.json: the newest claimed attempt of a job. Written under the job's lock.</summary>
internal static class AttemptFile
{
    /// <summary>The newest claimed attempt; 0 when none was.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static Attempt Read(CheckpointPaths paths, JobName job)
    {
        var path = paths.Attempt(job);
        try
        {
            return new Attempt(JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path), CheckpointJson.Options)!.Attempt);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return default;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException(
                $"{path} is damaged ({error.Message}): write {{\"attempt\": N}} into it, " +
                "N above every '.aN.' in the names of the job's parts",
                error);
        }
    }

    /// <summary>
    /// Takes the next attempt. A lost file is made up for by the attempts in the names of parts, so that no number is given twice that
    /// wrote anything.
    /// </summary>
    public static Attempt Claim(CheckpointPaths paths, JobName job)
    {
        var newest = Read(paths, job);
        if (newest == default)
        {
            foreach (var round in paths.Rounds(job))
            {
                foreach (var file in Directory.EnumerateFiles(paths.Round(job, round)))
                {
                    newest = CheckpointPaths.AttemptOf(Path.GetFileName(file)) is { } seen && seen > newest ? seen : newest;
                }
            }
        }

        var next = new Attempt(newest.Value + 1);
        DurableFile.Write(
            paths.Attempt(job), to => JsonSerializer.Serialize(to, new Content(next.Value), CheckpointJson.Options), _ => true);
        return next;
    }

    private sealed record Content(long Attempt);
}
