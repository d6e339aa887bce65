using FitCluster.Data.Storage;

namespace FitCluster.Data.Reading;

/// <summary>Opens sources and reads them into memory.</summary>
internal static class MatrixReader
{
    private const long FirstGuess = 1 << 16;

    /// <summary>The source behind a path. Whoever asks disposes it.</summary>
    public static SourceBase Open(string path, MatrixOptions options, bool isLatin1)
    {
        if (!Path.Exists(path))
        {
            throw new DataException(InputFiles.Absent(path));
        }

        // What is text is told by reading its head; what the user says it is holds, unless it is no text at all.
        var format = options.Format is MatrixFormat.Auto or MatrixFormat.Dense or MatrixFormat.Triplets
            ? FormatDetector.Detect(path)
            : options.Format;
        if (options.Format is MatrixFormat.Dense or MatrixFormat.Triplets && format != MatrixFormat.Auto)
        {
            throw new DataException(
                $"{path} is no text but {MatrixOptions.NameOf(format)}; leave data.format out, or give another path");
        }

        if (options.FeatureTypes is not null && format != MatrixFormat.TenX)
        {
            throw new DataException($"data.featureTypes has no effect, as {path} is no 10x folder: remove it");
        }

        var source = format switch
        {
            MatrixFormat.TenX => TenXFolder.Open(path, options.FeatureTypes),
            MatrixFormat.MatrixMarket => OpenMatrixMarket(path),
            MatrixFormat.Auto => OpenText(path, options.Format, isLatin1),
            MatrixFormat.Npy =>
                new NpySource(path, () => TextFile.Open(path), mappable: !TextFile.IsGzip(path)) { Path = path, Format = format },
            MatrixFormat.Npz => OpenNpz(path),
            _ => MatrixStore.OpenSource(path, options),
        };
        source.TakesInfinities = options.TakesInfinities;
        return source;
    }

    /// <summary>Reads a whole matrix into memory: its entries, once where they stand in the order of rows, twice otherwise.</summary>
    public static (MatrixStorage Storage, MatrixPlan Plan) Load(SourceBase source, MatrixOptions options)
    {
        var plan = new MatrixPlan(source, options);
        MatrixStorage storage;
        if (source is EntrySource entries)
        {
            storage = LoadEntries(entries, plan);
        }
        else
        {
            var dense = (DenseSource)source;
            var sink = new MemorySink(
                plan.IsSparse, plan.IsSparse || options.Rows is not null ? 0 : (dense.RowCount ?? 0) * plan.Pipeline.Columns);
            plan.ReadDense(dense, sink);
            storage = sink.Finish(plan.Pipeline.Columns, plan.Unstored);
        }

        plan.CheckShape();
        return (storage, plan);
    }

    private static MatrixStorage LoadEntries(EntrySource source, MatrixPlan plan)
    {
        try
        {
            return Fill(source, plan).FinishInPlace(plan.Pipeline, plan.Unstored);
        }
        catch (DuplicateEntryException duplicate)
        {
            throw plan.Explain(duplicate, source);
        }
    }

    private static CsrBucket Fill(EntrySource source, MatrixPlan plan)
    {
        var counts = plan.RowMap is null ? source.RowCounts : null;
        if (counts is null)
        {
            var first = new AppendingSink(plan.RowCount, plan.RowMap is null ? source.EntryCount ?? FirstGuess : FirstGuess);
            source.Read(Mapped(plan, first), SourceBase.DefaultBatch);
            if (first.Bucket is not null)
            {
                first.Bucket.EndAppending();
                return first.Bucket;
            }

            counts = first.Counts;
        }

        var bucket = new CsrBucket(0, counts);
        source.Read(Mapped(plan, new ScatteringSink(bucket)), SourceBase.DefaultBatch);
        bucket.EndScattering();
        return bucket;
    }

    /// <summary>A sink behind the selection of rows.</summary>
    public static IEntrySink Mapped(MatrixPlan plan, IEntrySink sink) => plan.RowMap is null ? sink : new RowMappingSink(plan.RowMap, sink);

    private static SourceBase OpenText(string path, MatrixFormat asked, bool isLatin1)
    {
        var head = TableHead.Read(path, isLatin1);
        var triplets = asked == MatrixFormat.Auto ? TripletRule.Find(path, head)
            : asked == MatrixFormat.Triplets ? head.WithoutIndex() is { } inner && inner.Lines[0].Fields.Length > 2 ? inner : head
            : null;
        SourceBase source = triplets is not null
            ? new TripletSource(path, triplets, before: triplets == head ? 0 : 1) { Path = path, Format = MatrixFormat.Triplets }
            : new DenseTextSource(path, head) { Path = path, Format = MatrixFormat.Dense };
        if (isLatin1)
        {
            source.Notes.Add(TextEncoding.Note(path));
        }

        return source;
    }

    private static SourceBase OpenMatrixMarket(string path)
    {
        using var reader = new LineReader(path);
        var header = MatrixMarketHeader.Read(reader);
        return header.Coordinate
            ? new MatrixMarketSource(path, header, transposed: false) { Path = path, Format = MatrixFormat.MatrixMarket }
            : new MatrixMarketArraySource(path, header) { Path = path, Format = MatrixFormat.MatrixMarket };
    }

    private static SourceBase OpenNpz(string path)
    {
        var archive = new NpzArchive(path);
        if (archive.Has("format") && archive.Has("shape") && archive.Has("data"))
        {
            return new NpzSparseSource(path, archive) { Path = path, Format = MatrixFormat.Npz };
        }

        if (archive.Members.Any(name => name.StartsWith("xl/", StringComparison.Ordinal)))
        {
            throw new DataException($"{path} is an Excel workbook; save its sheet as .csv");
        }

        return archive.Members is [var only]
            ? new NpySource(path, () => archive.Stream(only), mappable: false) { Path = path, Format = MatrixFormat.Npz }
            : throw new DataException(
                $"{path} holds the arrays {string.Join(", ", archive.Members)}; give a sparse matrix saved by scipy.sparse.save_npz, or " +
                "a single array");
    }
}
