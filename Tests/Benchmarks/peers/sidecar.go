// A peer: what a team would write in Go, on the official driver. JSON-RPC over stdin and stdout with a goroutine
// for each request, and one document for each message and reader: a page, its total and its unread are a find and
// two counts, asked for at the same time.
//
// It answers what the bench asks, `ping` and `get_team_message`, with the members that the program's answer has.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"os"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
)

type request struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Team string `json:"team_id"`
		User string `json:"user_id"`
		No   int64  `json:"pageNo"`
		Size int64  `json:"pageSize"`
	} `json:"params"`
}

type answer struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  any             `json:"result"`
}

type message struct {
	Number   string    `bson:"nid" json:"nid"`
	Team     string    `bson:"team_id" json:"team_id"`
	TeamName string    `bson:"team_name" json:"team_name"`
	User     string    `bson:"user_id" json:"user_id"`
	Username string    `bson:"username" json:"username"`
	Reader   string    `bson:"reader_id" json:"reader_id"`
	Type     string    `bson:"message_type" json:"message_type"`
	Content  string    `bson:"content" json:"content"`
	Data     bson.M    `bson:"data" json:"data"`
	Time     time.Time `bson:"create_time" json:"create_time"`
	Read     bool      `bson:"read" json:"read"`
}

type page struct {
	Data  []message `json:"data"`
	Total int64     `json:"total"`
	Count int64     `json:"count"`
}

// The page, or the first thing that went wrong.
func read(ctx context.Context, copies *mongo.Collection, asked request) (page, error) {
	inbox := bson.D{{Key: "reader_id", Value: asked.Params.User}, {Key: "team_id", Value: asked.Params.Team}}
	unread := append(append(bson.D{}, inbox...), bson.E{Key: "read", Value: false})
	var found page
	var failures [3]error
	var all sync.WaitGroup
	all.Add(2)
	go func() {
		defer all.Done()
		found.Total, failures[0] = copies.CountDocuments(ctx, inbox)
	}()
	go func() {
		defer all.Done()
		found.Count, failures[1] = copies.CountDocuments(ctx, unread)
	}()
	size := asked.Params.Size
	newest := options.Find().SetSort(bson.D{{Key: "create_time", Value: -1}}).SetLimit(size).SetSkip(size * (asked.Params.No - 1))
	cursor, err := copies.Find(ctx, inbox, newest)
	if err == nil {
		err = cursor.All(ctx, &found.Data)
	}
	failures[2] = err
	all.Wait()
	for _, failure := range failures {
		if failure != nil {
			return found, failure
		}
	}
	return found, nil
}

func main() {
	ctx := context.Background()
	client, err := mongo.Connect(ctx, options.Client().ApplyURI(os.Getenv("PEER_STORE")))
	if err != nil {
		log.Fatal(err)
	}
	copies := client.Database(os.Getenv("PEER_DATABASE")).Collection("copies")

	var writing sync.Mutex
	output := bufio.NewWriter(os.Stdout)
	say := func(id json.RawMessage, result any) {
		line, err := json.Marshal(answer{"2.0", id, result})
		if err != nil {
			log.Fatal(err)
		}
		writing.Lock()
		defer writing.Unlock()
		output.Write(append(line, '\n'))
		if err := output.Flush(); err != nil {
			log.Fatal(err)
		}
	}

	var answering sync.WaitGroup
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var asked request
		if err := json.Unmarshal(input.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		answering.Add(1)
		go func() {
			defer answering.Done()
			if asked.Method == "ping" {
				say(asked.ID, "pong")
				return
			}
			found, err := read(ctx, copies, asked)
			if err != nil {
				log.Fatal(err)
			}
			say(asked.ID, found)
		}()
	}
	answering.Wait()
	if err := client.Disconnect(ctx); err != nil {
		log.Fatal(err)
	}
}
