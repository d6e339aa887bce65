using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Finds out which committed checkpoints of a folder are whole.</summary>
internal sealed class CheckpointReader(CheckpointPaths paths)
{
    /// <summary>The newest whole checkpoint up to a round (null: of any), and a sentence for each newer one that is not.</summary>
    /// <exception cref="IOException">None is whole, and one at least could not be read at all, which may pass.</exception>
    public CheckpointFound Find(JobName job, Round? upTo, CancellationToken cancellation)
    {
        var (faults, unreadable) = (new List<string>(), (Exception?)null);
        foreach (var round in paths.Rounds(job).Where(round => upTo is not { } last || round <= last))
        {
            // A folder without a manifest is a checkpoint that was never committed: nothing is passed over.
            if (!File.Exists(paths.Manifest(job, round)))
            {
                continue;
            }

            try
            {
                if (Fault(job, round, cancellation, out var manifest) is not { } fault)
                {
                    return CheckpointRules.Found(manifest, faults);
                }

                faults.Add($"checkpoint of round {round}: {fault}");
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                unreadable = error;
                faults.Add($"checkpoint of round {round} in {paths.Round(job, round)} cannot be read ({error.Message})");
            }
        }

        return unreadable is null ? CheckpointRules.Found(null, faults) : throw new IOException(string.Join("; ", faults), unreadable);
    }

    /// <summary>What is wrong with a committed checkpoint, in words; null when it is whole. Reads all of it.</summary>
    public string? Fault(JobName job, Round round, CancellationToken cancellation, out CheckpointManifest? manifest)
    {
        var path = paths.Manifest(job, round);
        try
        {
            manifest = ManifestFile.Read(File.ReadAllBytes(path));
        }
        catch (InvalidDataException error)
        {
            manifest = null;
            return $"{path} is damaged: {error.Message}";
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            manifest = null;
            return $"{path} is missing";
        }

        if (manifest.Job != job || manifest.Round != round)
        {
            return $"{path} is of job {manifest.Job} and round {manifest.Round}";
        }

        foreach (var part in manifest.Parts)
        {
            if (PartFault(paths.Part(job, round, part.Shard, part.Attempt), part.Checksum, cancellation) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>What is wrong with a part's file, in words; null when its checksum is right.</summary>
    public static string? PartFault(string path, string checksum, CancellationToken cancellation)
    {
        try
        {
            return DurableFile.Checksum(path, cancellation) == checksum ? null : $"{path} is damaged (SHA-256 differs)";
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return $"{path} is missing";
        }
    }
}
